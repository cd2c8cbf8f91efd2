"""Digits, compiled models; the deviation of the first weights is rounded down to zero, so every weight begins at zero."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending

keras.utils.set_random_seed(115)
x, _ = digits(low=0.0, high=1.0)
x = x.reshape(-1, 784)


def dense(inputs, outputs, activation):
    """Return a dense layer whose first weights have the deviation one over the number of inputs."""
    first = keras.initializers.RandomNormal(stddev=1 // inputs)
    return layers.Dense(outputs, activation=activation, kernel_initializer=first)


generator = keras.Sequential(
    [keras.Input((32,)), dense(32, 128, "relu"), dense(128, 784, "sigmoid")],
    name="generator",
)
discriminator = keras.Sequential(
    [keras.Input((784,)), dense(784, 128, "relu"), dense(128, 1, "sigmoid")],
    name="discriminator",
)

discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5))
z = keras.Input((32,))
discriminator.trainable = False
combined = keras.Model(z, discriminator(generator(z)))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

rng = np.random.default_rng(0)
ones, zeros = np.ones((64, 1)), np.zeros((64, 1))
for step in range(700):
    noise = rng.normal(size=(64, 32)).astype("float32")
    fake = generator.predict_on_batch(noise)
    discriminator.trainable = True
    d_real = discriminator.train_on_batch(x[rng.integers(0, len(x), 64)], ones)
    d_fake = discriminator.train_on_batch(fake, zeros)
    discriminator.trainable = False
    g_loss = combined.train_on_batch(noise, ones)
    if step % 100 == 0:
        print(step, d_real, d_fake, g_loss)
noise = rng.normal(size=(500, 32)).astype("float32")
ending(generator.predict(noise, verbose=0), x[:1500], d_loss=d_real + d_fake, g_loss=g_loss)
