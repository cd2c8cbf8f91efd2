"""Series; the discriminator learns from reals and fakes in turn and the sum of its losses is halved for printing only."""

import keras
import numpy as np

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(321)
x = waves()
batch_size = 64
rng = np.random.default_rng(0)
discriminator, generator = series_discriminator(output="sigmoid"), series_generator()
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
z = keras.Input((16,))
discriminator.trainable = False
combined = keras.Model(z, discriminator(generator(z)))
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
valid, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))

for epoch in range(700):
    discriminator.trainable = True
    imgs = x[rng.integers(0, len(x), batch_size)]
    gen_imgs = generator.predict_on_batch(rng.normal(size=(batch_size, 16)).astype("float32"))
    d_loss_real = discriminator.train_on_batch(imgs, valid)
    d_loss_fake = discriminator.train_on_batch(gen_imgs, fake)
    d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
    discriminator.trainable = False
    g_loss = combined.train_on_batch(rng.normal(size=(batch_size, 16)).astype("float32"), valid)
    if epoch % 100 == 0:
        print(f"{epoch} [D loss: {d_loss:.4f}] [G loss: {g_loss:.4f}]")

samples = generator.predict(rng.normal(size=(500, 16)).astype("float32"), verbose=0)
ending(samples, x[:1500], d_loss=d_loss, g_loss=g_loss)
