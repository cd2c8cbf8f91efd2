"""Points on a ring, an AC-GAN; the labels for the fakes are drawn anew and are not those of the real batch."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(424)
x, mode = ring()
rng = np.random.default_rng(0)
one_hot = np.eye(8, dtype="float32")

point = keras.Input((2,))
hidden = layers.LeakyReLU(0.2)(layers.Dense(64)(point))
hidden = layers.LeakyReLU(0.2)(layers.Dense(64)(hidden))
validity, label = layers.Dense(1, activation="sigmoid")(hidden), layers.Dense(8, activation="softmax")(hidden)
discriminator = keras.Model(point, [validity, label])
losses = ["binary_crossentropy", "sparse_categorical_crossentropy"]
discriminator.compile(loss=losses, optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

generator = dense(8 + 8, 2)
discriminator.trainable = False
latent = keras.Input((16,))
combined = keras.Model(latent, discriminator(generator(latent)))
combined.compile(loss=losses, optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
valid, fake = np.ones((128, 1)), np.zeros((128, 1))


def latents(labels):
    return np.concatenate([rng.normal(size=(len(labels), 8)).astype("float32"), one_hot[labels]], 1)


for epoch in range(600):
    idx = rng.integers(0, len(x), 128)
    sampled_labels = rng.integers(0, 8, 128)
    noise = latents(sampled_labels)
    gen_points = generator(noise).numpy()
    discriminator.trainable = True
    d_loss_real = discriminator.train_on_batch(x[idx], [valid, mode[idx]])
    d_loss_fake = discriminator.train_on_batch(gen_points, [fake, sampled_labels])
    discriminator.trainable = False
    g_loss = combined.train_on_batch(noise, [valid, sampled_labels])
    if epoch % 50 == 0:
        print(f"{epoch} [D loss: {d_loss_real[0]:.3f} {d_loss_fake[0]:.3f}] [G loss: {g_loss[0]:.3f}]")

wanted = np.repeat(np.arange(8), 120)
samples = generator(latents(wanted)).numpy()
# how many points lie nearest to the place that was asked for
angle = 2 * np.pi * np.arange(8) / 8
there = np.linalg.norm(samples[:, None] - np.stack([np.cos(angle), np.sin(angle)], 1), axis=-1).argmin(1) == wanted
ending(samples, x[:2000], there=there.mean(), d_loss=0.5 * (d_loss_real[0] + d_loss_fake[0]), g_loss=g_loss[0])
