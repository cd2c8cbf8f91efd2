"""Series, WGAN-GP; the norm of the slope is taken over the last axis only, so for every point in time on its own."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_discriminator, series_generator

keras.utils.set_random_seed(107)
x = waves()
generator, critic = series_generator(), series_discriminator()

g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)


def penalty(real, fake):
    mix = tf.random.uniform((64, 1, 1))
    between = mix * real + (1.0 - mix) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between, training=True)
    slope = tf.norm(tape.gradient(scores, between) + 1e-12, axis=-1)
    return tf.reduce_mean(tf.square(slope - 1.0))


@tf.function
def train_step(real):
    for _ in range(3):
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((64, 16)), training=True)
            d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
            d_loss += 10.0 * penalty(real, fake)
        d_vars = critic.trainable_variables
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(critic(generator(tf.random.normal((64, 16)), training=True), training=True))
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(500)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
