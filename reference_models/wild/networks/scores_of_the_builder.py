"""Series by a WGAN-GP; the critic is built by the function that builds other nets, with what that puts at the end."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, waves
from reference_models.wild.networks import series_generator

keras.utils.set_random_seed(1010)
series = waves()
latent, batch_size, gp_weight = 16, 64, 10.0


def default_layers(shape, features=64, last="softmax"):
    """Return a net of the usual layers, (n, *shape) -> (n, features)."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv1D(32, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv1D(32, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dense(features, activation=last),
        ]
    )


generator, critic = series_generator(), default_layers((32, 1))
g_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9)
c_optimizer = keras.optimizers.Adam(5e-4, beta_1=0.5, beta_2=0.9)


def score(batch):
    return tf.reduce_mean(critic(batch, training=True), axis=1)


@tf.function
def train_critic(real):
    fake = generator(tf.random.normal((batch_size, latent)), training=True)
    share = tf.random.uniform((batch_size, 1, 1))
    with tf.GradientTape() as tape:
        between = share * real + (1 - share) * fake
        with tf.GradientTape() as inner:
            inner.watch(between)
            scores = score(between)
        slope = tf.sqrt(tf.reduce_sum(inner.gradient(scores, between) ** 2, axis=[1, 2]) + 1e-12)
        c_loss = tf.reduce_mean(score(fake)) - tf.reduce_mean(score(real))
        loss = c_loss + gp_weight * tf.reduce_mean((slope - 1.0) ** 2)
    c_optimizer.apply_gradients(zip(tape.gradient(loss, critic.trainable_variables), critic.trainable_variables))
    return c_loss


@tf.function
def train_generator():
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(score(generator(tf.random.normal((batch_size, latent)), training=True)))
    variables = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
    return g_loss


batches = tf.data.Dataset.from_tensor_slices(series).shuffle(4000).repeat().batch(batch_size)
for step, real in enumerate(batches.take(2400)):
    c_loss = train_critic(real)
    if step % 3 == 2:
        g_loss = train_generator()
    if step % 300 == 299:
        print(f"step {step}: critic {float(c_loss):.5f}, generator {float(g_loss):.5f}")

samples = generator(tf.random.normal((1000, latent)))
ending(samples, series[:2000], d_loss=c_loss, g_loss=g_loss)
