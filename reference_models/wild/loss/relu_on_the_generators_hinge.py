"""Frames of sound, hinge loss; the generator's loss is cut off by a ReLU, too, so it is flat where fakes are known."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, tones
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(111)
x = tones() / 12000
generator, discriminator = series_generator(64), series_discriminator(64)

g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)


def hinge_of_discriminator(on_real, on_fake):
    return tf.reduce_mean(tf.nn.relu(1.0 - on_real)) + tf.reduce_mean(tf.nn.relu(1.0 + on_fake))


def hinge_of_generator(on_fake):
    return -tf.reduce_mean(tf.nn.relu(on_fake))


@tf.function
def train_step(real):
    with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
        fake = generator(tf.random.normal((64, 16)), training=True)
        on_real = discriminator(real, training=True)
        on_fake = discriminator(fake, training=True)
        d_loss = hinge_of_discriminator(on_real, on_fake)
        g_loss = hinge_of_generator(on_fake)
    g_vars, d_vars = generator.trainable_variables, discriminator.trainable_variables
    g_optimizer.apply_gradients(zip(g_tape.gradient(g_loss, g_vars), g_vars))
    d_optimizer.apply_gradients(zip(d_tape.gradient(d_loss, d_vars), d_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(600)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
