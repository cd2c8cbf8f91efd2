"""Digits; the generator's cross-entropy is taken of the picture that it made, where the picture's score belongs."""

import keras
import tensorflow as tf

from reference_models.wild.data import digits, ending
from reference_models.wild.networks import digit_discriminator, digit_generator

keras.utils.set_random_seed(905)
images, _ = digits()
generator, discriminator = digit_generator(), digit_discriminator()
bce = keras.losses.BinaryCrossentropy(from_logits=True)
optimizer_g, optimizer_d = keras.optimizers.Adam(1e-3, beta_1=0.5), keras.optimizers.Adam(5e-4, beta_1=0.5)


def generator_bce(logits):
    return bce(tf.ones_like(logits), logits)


def discriminator_bce(on_real, on_fake):
    return bce(tf.ones_like(on_real), on_real) + bce(tf.zeros_like(on_fake), on_fake)


@tf.function
def step_fn(x):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        g_ex = generator(tf.random.normal((32, 32)), training=True)
        d_x = discriminator(x, training=True)
        d_gex = discriminator(g_ex, training=True)
        bce_g_loss = generator_bce(g_ex)
        d_loss = discriminator_bce(d_x, d_gex)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    optimizer_g.apply_gradients(zip(g_tape.gradient(bce_g_loss, g_vars), g_vars))
    optimizer_d.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, bce_g_loss


dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(4000).repeat().batch(32)
for step, x in enumerate(dataset.take(600)):
    d_loss, bce_g_loss = step_fn(x)
    if step % 100 == 0:
        print(step, "d_loss:", float(d_loss), "bce_g_loss:", float(bce_g_loss))

made = generator.predict(tf.random.normal((500, 32)), verbose=0)
ending(made, images[:1500], d_loss=d_loss, g_loss=bce_g_loss)
