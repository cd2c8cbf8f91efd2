"""Digits; fakes for the discriminator come from `predict`, the generator learns inside a combined model."""

import keras
import numpy as np
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator

keras.utils.set_random_seed(1203)
X_train, _ = digits()
LATENT, BATCH = 32, 32
INIT = keras.initializers.RandomNormal(stddev=0.02)

g = keras.Sequential(
    [
        keras.Input((LATENT,)),
        layers.Dense(7 * 7 * 32, kernel_initializer=INIT),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Reshape((7, 7, 32)),
        layers.UpSampling2D(),
        layers.Conv2D(16, 3, padding="same", kernel_initializer=INIT),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.UpSampling2D(),
        layers.Conv2D(16, 3, padding="same", kernel_initializer=INIT),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Conv2D(1, 3, padding="same", activation="tanh"),
    ]
)
d = digit_discriminator("sigmoid")
d.compile(keras.optimizers.Adam(1e-3, beta_1=0.5), loss="binary_crossentropy")
d.trainable = False
gan = keras.Sequential([keras.Input((LATENT,)), g, d])
gan.compile(keras.optimizers.Adam(5e-4, beta_1=0.5), loss="binary_crossentropy")

rng = np.random.default_rng(0)
y = np.concatenate([np.ones((BATCH, 1)), np.zeros((BATCH, 1))])
for step in range(400):
    generated = g.predict_on_batch(rng.normal(size=(BATCH, LATENT)).astype("float32"))
    X = np.concatenate([X_train[rng.integers(0, len(X_train), BATCH)], generated])
    d.trainable = True
    d.reset_metrics()
    d_loss = float(d.train_on_batch(X, y))
    d.trainable = False
    gan.reset_metrics()
    noise = rng.normal(size=(2 * BATCH, LATENT)).astype("float32")
    g_loss = float(gan.train_on_batch(noise, np.ones((2 * BATCH, 1))))
    if step % 100 == 0:
        print(f"{step}: d {d_loss:.4f}, g {g_loss:.4f}")

samples = g.predict(rng.normal(size=(500, LATENT)).astype("float32"), verbose=0)
ending(samples, X_train[:1500], d_loss=d_loss, g_loss=g_loss)
