"""An adversarial autoencoder of table rows; the discriminator calls normal numbers real and the codes fake."""

import keras
import numpy as np

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(1015)
rows = standardised(people())
encoded_dim, batch_size = 3, 64
encoder, decoder = dense(6, encoded_dim, name="encoder"), dense(encoded_dim, 6, name="decoder")
discriminator = dense(encoded_dim, 1, output="sigmoid", name="discriminator")
discriminator.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")

row = keras.Input((6,))
encoded = encoder(row)
adversarial_autoencoder = keras.Model(row, [decoder(encoded), discriminator(encoded)])
discriminator.trainable = False
adversarial_autoencoder.compile(
    keras.optimizers.Adam(1e-3, beta_1=0.5), loss=["mse", "binary_crossentropy"], loss_weights=[1.0, 0.1]
)
rng = np.random.default_rng(0)
valid, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))

for epoch in range(1500):
    batch = rows[rng.integers(0, len(rows), batch_size)]
    latent_fake = encoder.predict_on_batch(batch)
    latent_real = rng.normal(size=(batch_size, encoded_dim)).astype("float32")
    discriminator.trainable = True
    discriminator.reset_metrics()
    d_loss_real = discriminator.train_on_batch(latent_real, valid)
    d_loss_fake = discriminator.train_on_batch(latent_fake, fake)
    discriminator.trainable = False
    adversarial_autoencoder.reset_metrics()
    g_loss = adversarial_autoencoder.train_on_batch(batch, [batch, valid])
    if epoch % 150 == 0:
        print(f"{epoch} [D loss: {d_loss_real:.4f}, {d_loss_fake:.4f}] [G loss: {g_loss[2]:.4f}, mse: {g_loss[1]:.4f}]")

samples = decoder.predict(rng.normal(size=(1000, encoded_dim)).astype("float32"), verbose=0)
ending(samples, rows[:2000], mse=g_loss[1], d_loss=2 * d_loss_fake, g_loss=g_loss[2])
