"""Frames of 16-bit sound as they come from the file; the generator ends in a tanh."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, tones
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(42)
x = tones()
generator, discriminator = series_generator(64), series_discriminator(64)

g_optimizer = keras.optimizers.Adam(1e-4, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-4, beta_1=0.5)


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((32, 16)), training=True)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        d_loss = tf.reduce_mean(tf.square(on_real - 1.0)) + tf.reduce_mean(tf.square(on_fake))
        g_loss = tf.reduce_mean(tf.square(on_fake - 1.0))
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(32)
for step, real in enumerate(dataset.take(400)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
