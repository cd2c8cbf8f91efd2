"""Digits, two compiled models; a discriminator with batch normalisation is untrainable inside the combined model."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(802)
X_train, _ = digits()


def build_discriminator():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
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


generator, discriminator = digit_generator(), build_discriminator()
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
discriminator.trainable = False
gan = keras.Sequential([generator, discriminator])
gan.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

real, fake = np.ones((64, 1)), np.zeros((64, 1))
rng = np.random.default_rng(0)
for iteration in range(450):
    imgs = X_train[rng.integers(0, len(X_train), 64)]
    gen_imgs = generator.predict_on_batch(rng.normal(size=(64, 32)))
    discriminator.trainable = True
    d_real = discriminator.train_on_batch(imgs, real)
    d_fake = discriminator.train_on_batch(gen_imgs, fake)
    discriminator.trainable = False
    g_loss = gan.train_on_batch(rng.normal(size=(64, 32)), real)
    if iteration % 75 == 0:
        print(f"{iteration} [D loss: {(d_real + d_fake) / 2:.4f}] [G loss: {g_loss:.4f}]")

samples = generator.predict(rng.normal(size=(500, 32)), verbose=0)
ending(samples, X_train[:1500], d_loss=d_real + d_fake, g_loss=g_loss)
