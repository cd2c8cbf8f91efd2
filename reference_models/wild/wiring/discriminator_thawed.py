"""Table rows; the combined model trains the discriminator too: it was never frozen."""

import keras
import numpy as np

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(24)
x = standardised(people())
generator = dense(16, 6, name="generator")
discriminator = dense(6, 1, output="sigmoid", name="discriminator")

discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
combined = keras.Sequential([generator, discriminator])
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))

rng = np.random.default_rng(0)
ones, zeros = np.ones((64, 1)), np.zeros((64, 1))
for step in range(500):
    noise = rng.normal(size=(64, 16)).astype("float32")
    fake = generator.predict_on_batch(noise)
    d_real = discriminator.train_on_batch(x[rng.integers(0, len(x), 64)], ones)
    d_fake = discriminator.train_on_batch(fake, zeros)
    g_loss = combined.train_on_batch(noise, ones)
    if step % 100 == 0:
        print(step, d_real, d_fake, g_loss)
noise = rng.normal(size=(500, 16)).astype("float32")
ending(generator.predict(noise, verbose=0), x[:1500], d_loss=d_real + d_fake, g_loss=g_loss)
