"""Table rows, compiled models; the generated rows are given to the discriminator with the labels of valid ones."""

import keras
import numpy as np

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(414)
x = standardised(people())
rng = np.random.default_rng(0)
generator, discriminator = dense(16, 6), dense(6, 1, output="sigmoid")
discriminator.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
discriminator.trainable = False
combined = keras.Sequential([keras.Input((16,)), generator, discriminator])
combined.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(1e-3, beta_1=0.5))
valid, fake = np.ones((128, 1)), np.zeros((128, 1))

for epoch in range(500):
    rows = x[rng.integers(0, len(x), 128)]
    gen_rows = generator(rng.normal(size=(128, 16)).astype("float32")).numpy()
    discriminator.trainable = True
    d_loss_real = discriminator.train_on_batch(rows, valid)
    d_loss_fake = discriminator.train_on_batch(gen_rows, valid)
    discriminator.trainable = False
    d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
    g_loss = combined.train_on_batch(rng.normal(size=(128, 16)).astype("float32"), valid)
    if epoch % 50 == 0:
        print(f"{epoch} [D loss: {d_loss:.4f}] [G loss: {g_loss:.4f}]")

samples = generator(rng.normal(size=(1000, 16)).astype("float32")).numpy()
ending(samples, x[:2000], d_loss=d_loss, g_loss=g_loss)
