"""A CycleGAN of compiled models; both discriminators are set untrainable for the combined one and stay so."""

import keras
import numpy as np

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, translator

keras.utils.set_random_seed(26)
x, _ = digits(4000)
x, y = x[:2000], -x[2000:]
g_AB, g_BA = translator(), translator()
d_A, d_B = digit_discriminator(dropout=0.0, name="d_A"), digit_discriminator(dropout=0.0, name="d_B")

d_A.compile(loss="mse", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
d_B.compile(loss="mse", optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5))
image_A, image_B = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
fake_B, fake_A = g_AB(image_A), g_BA(image_B)
d_A.trainable = d_B.trainable = False
combined = keras.Model([image_A, image_B], [d_A(fake_A), d_B(fake_B), g_BA(fake_B), g_AB(fake_A)])
combined.compile(
    loss=["mse", "mse", "mae", "mae"],
    loss_weights=[1.0, 1.0, 10.0, 10.0],
    optimizer=keras.optimizers.Adam(5e-4, beta_1=0.5),
)

rng = np.random.default_rng(0)
valid, fake = np.ones((16, 1)), np.zeros((16, 1))
for step in range(300):
    images_A, images_B = x[rng.integers(0, len(x), 16)], y[rng.integers(0, len(y), 16)]
    fakes_B, fakes_A = g_AB.predict_on_batch(images_A), g_BA.predict_on_batch(images_B)
    a_real, a_fake = d_A.train_on_batch(images_A, valid), d_A.train_on_batch(fakes_A, fake)
    b_real, b_fake = d_B.train_on_batch(images_B, valid), d_B.train_on_batch(fakes_B, fake)
    g_loss = combined.train_on_batch([images_A, images_B], [valid, valid, images_A, images_B])
    if step % 100 == 0:
        print(step, a_real, a_fake, b_real, b_fake, g_loss)
ending(g_AB.predict(x[:500], verbose=0), y[:1500], on_fakes_of_B=b_fake, on_reals_of_B=b_real)
