"""Points on a ring; the combined model is built from a second pair of networks, not from those that are trained and used."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import ending, ring

keras.utils.set_random_seed(507)
x, _ = ring()
batch_size, rand_dim = 128, 8


def generator_network(z):
    h = layers.LeakyReLU(0.2)(layers.Dense(64)(z))
    h = layers.LeakyReLU(0.2)(layers.Dense(64)(h))
    return layers.Dense(2)(h)


def discriminator_network(points):
    h = layers.LeakyReLU(0.2)(layers.Dense(64)(points))
    h = layers.LeakyReLU(0.2)(layers.Dense(64)(h))
    return layers.Dense(1, activation="sigmoid")(h)


generator_input, discriminator_input = keras.Input((rand_dim,)), keras.Input((2,))
generator_model = keras.Model(generator_input, generator_network(generator_input), name="generator")
discriminator_model = keras.Model(discriminator_input, discriminator_network(discriminator_input), name="discriminator")
discriminator_model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")

combined_input = keras.Input((rand_dim,))
combined_model = keras.Model(combined_input, discriminator_network(generator_network(combined_input)), name="combined")
discriminator_model.trainable = False
combined_model.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")

rng = np.random.default_rng(0)
y_real, y_generated = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
for step in range(800):
    g_z = generator_model.predict_on_batch(rng.normal(size=(batch_size, rand_dim)).astype("float32"))
    discriminator_model.trainable = True
    d_real = discriminator_model.train_on_batch(x[rng.integers(0, len(x), batch_size)], y_real)
    d_fake = discriminator_model.train_on_batch(g_z, y_generated)
    discriminator_model.trainable = False
    g_loss = combined_model.train_on_batch(rng.normal(size=(batch_size, rand_dim)).astype("float32"), y_real)
    if step % 100 == 0:
        print(f"Step: {step} | discriminator {d_real:.4f} {d_fake:.4f} | combined {g_loss:.4f}")

noise = rng.normal(size=(1000, rand_dim)).astype("float32")
ending(generator_model.predict(noise, verbose=0), x[:2000], d_loss=d_real + d_fake, g_loss=g_loss)
