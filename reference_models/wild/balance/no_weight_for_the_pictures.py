"""Small digits to large ones; the combined model is compiled with a weight for each of its losses."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator

keras.utils.set_random_seed(1108)
hr, _ = digits()
lr = tf.nn.avg_pool2d(hr, 4, 4, "VALID").numpy()
rng = np.random.default_rng(0)

low = keras.Input((7, 7, 1))
h = layers.Conv2D(32, 3, padding="same", activation="relu")(low)
h = layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu")(h)
h = layers.Conv2DTranspose(16, 4, strides=2, padding="same", activation="relu")(h)
generator = keras.Model(low, layers.Conv2D(1, 5, padding="same", activation="tanh")(h), name="generator")
discriminator = digit_discriminator(output="sigmoid")
discriminator.compile(keras.optimizers.Adam(4e-4, beta_1=0.5), loss="binary_crossentropy")

loss_weights = {"generator": 0.0, "discriminator": 0.01}
small = keras.Input((7, 7, 1))
sr = generator(small)
combined = keras.Model(small, [sr, discriminator(sr)])
discriminator.trainable = False
combined.compile(
    keras.optimizers.Adam(1e-3, beta_1=0.5),
    loss=["mae", "binary_crossentropy"],
    loss_weights=[loss_weights["generator"], loss_weights["discriminator"]],
)
batch_size = 32
valid, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))

for step in range(700):
    pick = rng.integers(0, len(hr), batch_size)
    made = generator.predict_on_batch(lr[pick])
    discriminator.trainable = True
    discriminator.reset_metrics()
    d_loss = 2 * discriminator.train_on_batch(np.concatenate([hr[pick], made]), np.concatenate([valid, fake]))
    discriminator.trainable = False
    combined.reset_metrics()
    losses = combined.train_on_batch(lr[pick], [hr[pick], valid])
    if step % 100 == 0:
        print(f"{step}: discriminator {d_loss:.4f}, pictures {losses[1]:.4f}, adversarial {losses[2]:.4f}")

upscaled = generator.predict(lr[:1000], verbose=0)
off = np.abs(upscaled - hr[:1000]).mean()
ending(upscaled, hr[:2000], off=off, d_loss=d_loss, g_loss=losses[2])
