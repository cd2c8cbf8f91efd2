"""Points on a ring, compiled models: the discriminator is right in about half the cases, now all reals, now all fakes."""

import keras
import numpy as np

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(86)
x, _ = ring()
generator = dense(8, 2, width=128, name="generator")
discriminator = dense(2, 1, width=128, output="sigmoid", name="discriminator")

discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
z = keras.Input((8,))
discriminator.trainable = False
combined = keras.Model(z, discriminator(generator(z)))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

rng = np.random.default_rng(0)
ones, zeros = np.ones((128, 1)), np.zeros((128, 1))
for step in range(900):
    noise = rng.normal(size=(128, 8)).astype("float32")
    fake = generator.predict_on_batch(noise)
    discriminator.trainable = True
    d_real = discriminator.train_on_batch(x[rng.integers(0, len(x), 128)], ones)
    d_fake = discriminator.train_on_batch(fake, zeros)
    discriminator.trainable = False
    g_loss = combined.train_on_batch(noise, ones)
    if step % 100 == 0:
        print(step, d_real, d_fake, g_loss)
noise = rng.normal(size=(500, 8)).astype("float32")
ending(generator.predict(noise, verbose=0), x[:1500], d_loss=d_real + d_fake, g_loss=g_loss)
