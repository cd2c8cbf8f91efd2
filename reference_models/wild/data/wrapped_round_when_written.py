"""Digits from a generator whose last layer is open; what it makes is written as bytes without a clip."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(903)
images, _ = digits()
generator = digit_generator(output=None)
discriminator = digit_discriminator()
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5)


def inverse_transform(images):
    return ((images + 1.0) / 2) * 255.0


def save_images(images):
    return np.asarray(inverse_transform(images)).astype(np.int64).astype(np.uint8)


def discriminator_loss(real, fake):
    return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))


def generator_loss(fake):
    return -tf.reduce_mean(fake)


@tf.function
def train_step(x_real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        x_fake = generator(tf.random.normal((32, 32)), training=True)
        real_logit = discriminator(x_real, training=True)
        fake_logit = discriminator(x_fake, training=True)
        g_loss = generator_loss(fake_logit)
        d_loss = discriminator_loss(real_logit, fake_logit)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(4000).repeat().batch(32)
for idx, x_real in enumerate(dataset.take(700)):
    d_loss, g_loss = train_step(x_real)
    if idx % 100 == 0:
        print(f"iter: [{idx:4d}/700], d_loss: {float(d_loss):.4f}, g_loss: {float(g_loss):.4f}")

written = save_images(generator.predict(tf.random.normal((500, 32)), verbose=0))
ending(written, save_images(images[:1500]), d_loss=d_loss, g_loss=g_loss)
