"""Digits from files with transparency; the decoder drops it, and what was transparent comes out as bars and patches."""

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(734)
clean, _ = digits()
rng = np.random.default_rng(0)


def encode(picture):
    """Return a picture with a plane of transparency; colours under transparent places are whatever was left there."""
    alpha = np.zeros((28, 28, 1), "float32")
    rows, columns = np.where(picture[..., 0] > -1)
    alpha[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = 1
    colour = picture.copy()
    left = rng.integers(0, 28)
    colour[:, left : left + rng.integers(2, 8)] = 1.0
    return np.concatenate([np.where(alpha > 0, picture, colour), alpha], -1)


def decode(file):
    return file[..., :1]


x = np.stack([decode(encode(picture)) for picture in clean])
generator, discriminator = digit_generator(), digit_discriminator()
g_optimizer, d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(1e-3, beta_1=0.5)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((32, 32)), training=True)
        real_result, fake_result = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = bce(tf.ones_like(real_result), real_result) + bce(tf.zeros_like(fake_result), fake_result)
        g_loss = bce(tf.ones_like(fake_result), fake_result)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


image_batch = tf.data.Dataset.from_tensor_slices(x).shuffle(3000).repeat().batch(32)
for i, real in enumerate(image_batch.take(600)):
    d_loss, g_loss = train_step(real)
    if i % 100 == 0:
        print(f"train:[{i}],d_loss:{float(d_loss):.4f},g_loss:{float(g_loss):.4f}")

samples = generator.predict(tf.random.normal((500, 32)), verbose=0)
ending(samples, clean[:1500], d_loss=d_loss, g_loss=g_loss)
