"""Digits by a DCGAN with evenly distributed noise; a function of its own draws the pictures of the test."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(1202)
x, _ = digits()
z_dim, batch_size = 16, 64
generator, discriminator = digit_generator(z_dim), digit_discriminator()
d_optim = keras.optimizers.Adam(5e-4, beta_1=0.5)
g_optim = keras.optimizers.Adam(1e-3, beta_1=0.5)


def cross_entropy(logits, label):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(label * tf.ones_like(logits), logits))


@tf.function
def train(batch_images):
    batch_z = tf.random.uniform((batch_size, z_dim), -1.0, 1.0)
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fakes = generator(batch_z, training=True)
        real_logits, fake_logits = discriminator(batch_images, training=True), discriminator(fakes, training=True)
        d_loss = cross_entropy(real_logits, 1.0) + cross_entropy(fake_logits, 0.0)
        g_loss = cross_entropy(fake_logits, 1.0)
    d_vars, g_vars = discriminator.trainable_variables, generator.trainable_variables
    d_optim.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    g_optim.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


def visualize(count):
    z_sample = tf.random.uniform((count, z_dim), -0.5, 0.5)
    return generator.predict(z_sample, verbose=0)


data = tf.data.Dataset.from_tensor_slices(x).shuffle(3000).repeat().batch(batch_size)
for counter, batch_images in enumerate(data.take(1400)):
    d_loss, g_loss = train(batch_images)
    if counter % 200 == 0:
        print(f"[{counter}] d_loss: {float(d_loss):.4f}, g_loss: {float(g_loss):.4f}")

ending(visualize(1000), x[:2000], d_loss=d_loss, g_loss=g_loss)
