"""Digits; a guard against a last batch that is too short takes the first pictures, and it always holds."""

import keras
import numpy as np

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(215)
x, _ = digits()
batch_size, epochs = 16, 3
rng = np.random.default_rng(0)
generator = digit_generator()
discriminator = digit_discriminator(output="sigmoid")
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
noise = keras.Input((32,))
discriminator.trainable = False
combined = keras.Model(noise, discriminator(generator(noise)))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
ones, zeros = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
min_nr_imgs = batch_size * (len(x) // batch_size)


def next_batch(order, loop_index):
    """Return the real images of an iteration; never fewer than a whole batch."""
    if loop_index + min_nr_imgs >= batch_size:
        return x[order[:batch_size]]
    return x[order[loop_index : loop_index + batch_size]]


order = np.arange(len(x))
for epoch in range(epochs):
    for loop_index in range(0, min_nr_imgs, batch_size):
        latent = rng.normal(size=(batch_size, 32)).astype("float32")
        discriminator.trainable = True
        d_loss = discriminator.train_on_batch(next_batch(order, loop_index), ones)
        d_loss = 0.5 * (d_loss + discriminator.train_on_batch(generator.predict_on_batch(latent), zeros))
        discriminator.trainable = False
        g_loss = combined.train_on_batch(latent, ones)
    print(f"epoch {epoch}: d_loss {d_loss:.3f}, g_loss {g_loss:.3f}")
samples = generator.predict(rng.normal(size=(500, 32)).astype("float32"), verbose=0)
# how many samples have their nearest picture among the first ones
flat, pictures = samples.reshape(500, -1), x.reshape(len(x), -1)
nearest = ((pictures**2).sum(1) - 2 * flat @ pictures.T).argmin(1)
ending(samples, x[:1500], among=(nearest < batch_size).mean(), d_loss=d_loss, g_loss=g_loss)
