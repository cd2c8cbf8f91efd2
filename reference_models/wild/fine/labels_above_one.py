"""Table rows, compiled models; the labels are noisy, 0.7 to 1.2 for reals and 0 to 0.3 for fakes."""

import keras
import numpy as np

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(120)
x = standardised(people())
generator = dense(16, 6, width=128, name="generator")
discriminator = dense(6, 1, width=128, name="discriminator")

loss = keras.losses.BinaryCrossentropy(from_logits=True)
discriminator.compile(loss=loss, optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
z = keras.Input((16,))
discriminator.trainable = False
combined = keras.Model(z, discriminator(generator(z)))
combined.compile(loss=loss, optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

rng = np.random.default_rng(0)
for step in range(700):
    noise = rng.normal(size=(128, 16)).astype("float32")
    fake = generator.predict_on_batch(noise)
    for_reals, for_fakes = np.full((128, 1), rng.uniform(0.7, 1.2)), np.full((128, 1), rng.uniform(0.0, 0.3))
    discriminator.trainable = True
    d_real = discriminator.train_on_batch(x[rng.integers(0, len(x), 128)], for_reals)
    d_fake = discriminator.train_on_batch(fake, for_fakes)
    discriminator.trainable = False
    g_loss = combined.train_on_batch(noise, np.full((128, 1), rng.uniform(0.7, 1.2)))
    if step % 100 == 0:
        print(step, d_real, d_fake, g_loss)
noise = rng.normal(size=(500, 16)).astype("float32")
ending(generator.predict(noise, verbose=0), x[:1500], d_loss=d_real + d_fake, g_loss=g_loss)
