"""Digits; the discriminator is compiled by itself, then frozen and compiled once more behind the generator."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(1201)
x_train, _ = digits()
z_dim, batch_size = 32, 64


def build_discriminator(img_shape):
    return keras.Sequential(
        [
            keras.Input(img_shape),
            layers.Conv2D(16, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.01),
            layers.Conv2D(32, 3, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.01),
            layers.Conv2D(64, 3, strides=2, padding="same"),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.01),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


discriminator = build_discriminator((28, 28, 1))
discriminator.compile(keras.optimizers.Adam(), loss="binary_crossentropy", metrics=["accuracy"])
generator = digit_generator(z_dim)
discriminator.trainable = False
gan = keras.Sequential([keras.Input((z_dim,)), generator, discriminator])
gan.compile(keras.optimizers.Adam(), loss="binary_crossentropy")

rng = np.random.default_rng(0)
real, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
for iteration in range(600):
    imgs = x_train[rng.integers(0, len(x_train), batch_size)]
    gen_imgs = generator.predict_on_batch(rng.normal(size=(batch_size, z_dim)).astype("float32"))
    discriminator.trainable = True
    discriminator.reset_metrics()
    d_loss_real = discriminator.train_on_batch(imgs, real)
    discriminator.reset_metrics()
    d_loss_fake = discriminator.train_on_batch(gen_imgs, fake)
    d_loss, accuracy = 0.5 * np.add(d_loss_real, d_loss_fake)
    discriminator.trainable = False
    gan.reset_metrics()
    g_loss = float(gan.train_on_batch(rng.normal(size=(batch_size, z_dim)).astype("float32"), real))
    if iteration % 100 == 0:
        print(f"{iteration} [D loss: {d_loss:.4f}, acc.: {100 * accuracy:.1f}%] [G loss: {g_loss:.4f}]")

samples = generator.predict(rng.normal(size=(500, z_dim)).astype("float32"), verbose=0)
ending(samples, x_train[:1500], d_loss=d_loss, g_loss=g_loss, accuracy=accuracy)
