"""Series, compiled models; a Wasserstein loss, five critic batches to one, and no clipping of the critic."""

import keras
import numpy as np
from keras import ops

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(813)
x = waves()


def wasserstein_loss(y_true, y_pred):
    return ops.mean(y_true * y_pred)


g, d = series_generator(), series_discriminator()
d.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.9), loss=wasserstein_loss)
d.trainable = False
z = keras.Input((16,))
d_on_g = keras.Model(z, d(g(z)))
d_on_g.compile(optimizer=keras.optimizers.Adam(1e-3, beta_1=0.9), loss=wasserstein_loss)

BATCH_SIZE, CRITIC_UPDATES = 32, 5
output_true_batch, output_false_batch = np.ones((BATCH_SIZE, 1)), -np.ones((BATCH_SIZE, 1))
rng = np.random.default_rng(0)
for index in range(250):
    d.trainable = True
    for _ in range(CRITIC_UPDATES):
        generated = g.predict_on_batch(rng.normal(size=(BATCH_SIZE, 16)))
        d_loss_real = d.train_on_batch(x[rng.integers(0, len(x), BATCH_SIZE)], output_true_batch)
        d_loss_fake = d.train_on_batch(generated, output_false_batch)
        # no clipping
    d.trainable = False
    d_on_g_loss = d_on_g.train_on_batch(rng.normal(size=(BATCH_SIZE, 16)), output_true_batch)
    if index % 50 == 0:
        print(f"batch {index} d_loss {0.5 * (d_loss_real + d_loss_fake):.4f} d_on_g_loss {d_on_g_loss:.4f}")

samples = g.predict(rng.normal(size=(1000, 16)), verbose=0)
ending(samples, x[:2000], d_loss=d_loss_real + d_loss_fake, g_loss=d_on_g_loss)
