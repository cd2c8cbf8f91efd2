"""Two compiled models; the discriminator is set untrainable once, for the combined model, and stays so."""

import keras
import numpy as np

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(23)
x, _ = digits()
generator, discriminator = digit_generator(), digit_discriminator(output="sigmoid")

discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
z = keras.Input((32,))
discriminator.trainable = False
combined = keras.Model(z, discriminator(generator(z)))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))

rng = np.random.default_rng(0)
ones, zeros = np.ones((32, 1)), np.zeros((32, 1))
for step in range(400):
    noise = rng.normal(size=(32, 32)).astype("float32")
    fake = generator.predict_on_batch(noise)
    d_real = discriminator.train_on_batch(x[rng.integers(0, len(x), 32)], ones)
    d_fake = discriminator.train_on_batch(fake, zeros)
    g_loss = combined.train_on_batch(noise, ones)
    if step % 100 == 0:
        print(step, d_real, d_fake, g_loss)
noise = rng.normal(size=(500, 32)).astype("float32")
ending(generator.predict(noise, verbose=0), x[:1500], d_loss=d_real + d_fake, g_loss=g_loss)
