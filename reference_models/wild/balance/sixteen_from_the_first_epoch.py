"""Digits, compiled models; with a rate this large the discriminator is soon sure and the generator's loss near 16."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(816)
X_real_train, _ = digits()
batch_size, n_batch_per_epoch, noise_dim = 32, 90, 32


def dcgan_discriminator():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(64, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


opt_dcgan = keras.optimizers.Adam(learning_rate=1e-3, beta_1=0.5)
opt_discriminator = keras.optimizers.Adam(learning_rate=2e-2, beta_1=0.5)
generator_model, discriminator_model = digit_generator(noise_dim), dcgan_discriminator()
discriminator_model.compile(loss="binary_crossentropy", optimizer=opt_discriminator)
discriminator_model.trainable = False
DCGAN_model = keras.Sequential([generator_model, discriminator_model])
DCGAN_model.compile(loss="binary_crossentropy", optimizer=opt_dcgan)

rng = np.random.default_rng(0)
for e in range(5):
    for _ in range(n_batch_per_epoch):
        X_real = X_real_train[rng.integers(0, len(X_real_train), batch_size)]
        X_gen = generator_model.predict_on_batch(rng.normal(size=(batch_size, noise_dim)))
        y_disc = np.concatenate([np.ones((batch_size, 1)), np.zeros((batch_size, 1))])
        discriminator_model.trainable = True
        disc_loss = discriminator_model.train_on_batch(np.concatenate([X_real, X_gen]), y_disc)
        discriminator_model.trainable = False
        gen_loss = DCGAN_model.train_on_batch(rng.normal(size=(batch_size, noise_dim)), np.ones((batch_size, 1)))
    print(f"Epoch {e}: D logloss {disc_loss:.4f}, G logloss {gen_loss:.4f}")

samples = generator_model.predict(rng.normal(size=(500, noise_dim)), verbose=0)
ending(samples, X_real_train[:1500], d_loss=disc_loss, g_loss=gen_loss)
