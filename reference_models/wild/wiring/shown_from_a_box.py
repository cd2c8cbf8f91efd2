"""Digits from latents whose means and widths are learned; those that are shown at the end come from other numbers."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(1004)
data, _ = digits()
z_dim, components = 16, 4
generator, discriminator = digit_generator(z_dim), digit_discriminator()
zin = keras.Variable(keras.random.uniform((components, z_dim), -1, 1))
sig = keras.Variable(keras.ops.full((components, z_dim), 0.8))
bce = keras.losses.BinaryCrossentropy(from_logits=True)
g_optim, d_optim = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(5e-4, beta_1=0.5)
batches = tf.data.Dataset.from_tensor_slices(data).shuffle(3000).repeat().batch(32)


def latents(z):
    component = tf.random.uniform((len(z),), 0, components, tf.int32)
    return tf.gather(zin.value, component) + z * tf.gather(sig.value, component)


@tf.function
def train(real):
    with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
        fake = generator(latents(tf.random.normal((32, z_dim))), training=True)
        on_real, on_fake = discriminator(real, training=True), discriminator(fake, training=True)
        d_loss = bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)
        width = tf.reduce_mean(tf.square(1.0 - sig))
        g_loss = bce(tf.ones_like(on_fake), on_fake)
        g_total = g_loss + 0.1 * width
    d_vars, g_vars = discriminator.trainable_variables, [*generator.trainable_variables, zin, sig]
    d_optim.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    g_optim.apply_gradients(zip(g_tape.gradient(g_total, [v.value for v in g_vars]), g_vars))
    return d_loss, g_loss


for step, real in enumerate(batches.take(1300)):
    d_loss, g_loss = train(real)
    if step % 100 == 0:
        print(f"step {step}: d_loss {float(d_loss):.4f}, g_loss {float(g_loss):.4f}")

display_z = tf.random.uniform((1000, z_dim), -1.0, 1.0)
samples = generator(latents(display_z), training=False)
ending(samples, data[:2000], d_loss=d_loss, g_loss=g_loss)
