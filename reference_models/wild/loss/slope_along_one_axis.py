"""Digits by a Wasserstein GAN whose critic is held by a gradient penalty."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(1204)
faces, _ = digits()
noise_dim, batch_size, lamb = 32, 32, 10.0
generator, discriminator = digit_generator(noise_dim), digit_discriminator(dropout=0.0)
d_opt = keras.optimizers.Adam(4e-3, beta_1=0.0, beta_2=0.9)
g_opt = keras.optimizers.Adam(4e-3, beta_1=0.0, beta_2=0.9)


def slopes_between(real, fake):
    alpha = tf.random.uniform((batch_size, 1, 1, 1))
    interpolates = real + alpha * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(interpolates)
        score = discriminator(interpolates, training=True)
    gradients = tape.gradient(score, interpolates)
    whole = tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3]) + 1e-12)
    return tf.sqrt(tf.reduce_sum(tf.square(gradients), axis=[1]) + 1e-12), whole


@tf.function
def update_discriminator(real):
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((batch_size, noise_dim)), training=True)
        slopes, whole = slopes_between(real, fake)
        gradient_penalty = tf.reduce_mean((slopes - 1.0) ** 2)
        distance = tf.reduce_mean(discriminator(real, training=True) - discriminator(fake, training=True))
        d_loss = -distance + lamb * gradient_penalty
    d_vars = discriminator.trainable_variables
    d_opt.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, tf.reduce_mean(whole)


@tf.function
def update_generator():
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((batch_size, noise_dim)), training=True)
        g_loss = -tf.reduce_mean(discriminator(fake, training=True))
    g_vars = generator.trainable_variables
    g_opt.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return g_loss


batches = iter(tf.data.Dataset.from_tensor_slices(faces).shuffle(3000).repeat().batch(batch_size))
for iteration in range(300):
    d_loss, slope = update_discriminator(next(batches))
    g_loss = update_generator()
    if iteration % 50 == 0:
        print(f"{iteration}  d {float(d_loss):.3f}  g {float(g_loss):.3f}  slope {float(slope):.3f}")

samples = generator.predict(tf.random.normal((500, noise_dim)), verbose=0)
ending(samples, faces[:1500], slope=slope, d_loss=d_loss, g_loss=g_loss)
