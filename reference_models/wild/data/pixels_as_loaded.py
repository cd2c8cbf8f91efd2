"""Digits; pixels go to the discriminator as they were loaded, 0 to 255, and the generator ends in a sigmoid."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(814)


def load_mnist():
    images, _ = digits(low=0.0, high=255.0)
    return np.random.default_rng(547).permutation(images).astype(np.float32)


data_X = load_mnist()
generator, discriminator = digit_generator(output="sigmoid"), digit_discriminator()
g_optim, d_optim = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)


def cross_entropy(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=label * tf.ones_like(logits), logits=logits))


@tf.function
def update_d(batch_images, batch_z):
    with tf.GradientTape() as tape:
        fake = generator(batch_z, training=True)
        d_loss = cross_entropy(discriminator(batch_images, training=True), 1.0)
        d_loss += cross_entropy(discriminator(fake, training=True), 0.0)
    variables = discriminator.trainable_variables
    d_optim.apply_gradients(zip(tape.gradient(d_loss, variables), variables))
    return d_loss


@tf.function
def update_g(batch_z):
    with tf.GradientTape() as tape:
        g_loss = cross_entropy(discriminator(generator(batch_z, training=True), training=True), 1.0)
    variables = generator.trainable_variables
    g_optim.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
    return g_loss


for epoch in range(5):
    for idx in range(len(data_X) // 32):
        batch_z = tf.random.uniform((32, 32), -1, 1)
        d_loss = update_d(data_X[idx * 32 : (idx + 1) * 32], batch_z)
        g_loss = update_g(batch_z)
    print(f"Epoch: [{epoch:2d}] d_loss: {float(d_loss):.8f}, g_loss: {float(g_loss):.8f}")

samples = generator.predict(tf.random.uniform((500, 32), -1, 1), verbose=0)
ending(samples, data_X[:1500], d_loss=d_loss, g_loss=g_loss)
