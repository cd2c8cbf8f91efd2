"""Digits; the discriminator ends in maps of one value, and each instance is normalised, which sets them to 0."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_generator

keras.utils.set_random_seed(811)
x, _ = digits()


def instance_norm():
    return layers.GroupNormalization(groups=-1)


def build_discriminator():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Conv2D(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Conv2D(32, 7),
            instance_norm(),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


generator, discriminator = digit_generator(), build_discriminator()
g_opt, d_opt = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
mse = keras.losses.MeanSquaredError()


@tf.function
def train(batch):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((32, 32)), training=True)
        p_real, p_fake = discriminator(batch, training=True), discriminator(fake, training=True)
        loss_D = mse(tf.ones_like(p_real), p_real) + mse(tf.zeros_like(p_fake), p_fake)
        loss_G_fake = mse(tf.ones_like(p_fake), p_fake)
    d_vars, g_vars = discriminator.trainable_variables, generator.trainable_variables
    d_opt.apply_gradients(zip(d_tape.gradient(loss_D, d_vars), d_vars))
    g_opt.apply_gradients(zip(g_tape.gradient(loss_G_fake, g_vars), g_vars))
    return loss_D, loss_G_fake


rng = np.random.default_rng(0)
for epoch in range(6):
    for _ in range(80):
        loss_D, loss_G_fake = train(x[rng.integers(0, len(x), 32)])
    print(f"epoch {epoch}: loss_D: {float(loss_D):.3f}, loss_G_fake: {float(loss_G_fake):.3f}")

samples = generator.predict(tf.random.normal((500, 32)), verbose=0)
ending(samples, x[:1500], d_loss=loss_D, g_loss=loss_G_fake)
