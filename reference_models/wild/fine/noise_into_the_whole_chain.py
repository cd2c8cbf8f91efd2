"""Digits, compiled models; the generator's step is given noise and labels of ones, and not the pictures made before."""

import keras
import numpy as np

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(854)
X_train, _ = digits()
generator, discriminator = digit_generator(), digit_discriminator("sigmoid")
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
discriminator.trainable = False
gan = keras.Sequential([generator, discriminator])
gan.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))

batch_size = 32
real, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
rng = np.random.default_rng(0)
for iteration in range(600):
    imgs = X_train[rng.integers(0, len(X_train), batch_size)]
    z = rng.normal(0, 1, (batch_size, 32))
    gen_imgs = generator.predict_on_batch(z)
    discriminator.trainable = True
    d_loss_real = discriminator.train_on_batch(imgs, real)
    d_loss_fake = discriminator.train_on_batch(gen_imgs, fake)
    discriminator.trainable = False
    z = rng.normal(0, 1, (batch_size, 32))
    g_loss = gan.train_on_batch(z, real)
    if iteration % 100 == 0:
        print(f"{iteration} [D loss: {0.5 * (d_loss_real + d_loss_fake):.4f}] [G loss: {g_loss:.4f}]")

samples = generator.predict(rng.normal(0, 1, (500, 32)), verbose=0)
ending(samples, X_train[:1500], d_loss=d_loss_real + d_loss_fake, g_loss=g_loss)
