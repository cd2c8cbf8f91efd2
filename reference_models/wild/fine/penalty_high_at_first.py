"""Frames of sound, WGAN-GP: the penalty is in the hundreds in the first steps and falls below one."""

import keras
import tensorflow as tf
from keras import layers

from reference_models.wild.data import ending, tones
from reference_models.wild.networks import series_generator

keras.utils.set_random_seed(118)
x = tones() / 12000
gen = series_generator(64)
first = keras.initializers.VarianceScaling(8.0)
critic = keras.Sequential(
    [
        keras.Input((64, 1)),
        layers.Conv1D(32, 5, strides=2, padding="same", kernel_initializer=first),
        layers.LeakyReLU(0.2),
        layers.Conv1D(32, 5, strides=2, padding="same", kernel_initializer=first),
        layers.LeakyReLU(0.2),
        layers.Flatten(),
        layers.Dense(1, kernel_initializer=first),
    ],
    name="critic",
)

g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)


@tf.function
def train_step(real):
    for _ in range(3):
        mix = tf.random.uniform((64, 1, 1))
        with tf.GradientTape() as tape:
            fake = gen(tf.random.normal((64, 16)), training=True)
            between = mix * real + (1.0 - mix) * fake
            with tf.GradientTape() as inner:
                inner.watch(between)
                scores = critic(between, training=True)
            slope = tf.sqrt(1e-12 + tf.reduce_sum(tf.square(inner.gradient(scores, between)), [1, 2]))
            penalty = 10.0 * tf.reduce_mean(tf.square(slope - 1.0))
            d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
            d_loss += penalty
        d_vars = critic.trainable_variables
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(critic(gen(tf.random.normal((64, 16)), training=True), training=True))
    g_vars = gen.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss, penalty


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(600)):
    d_loss, g_loss, penalty = train_step(real)
    if step in (0, 5, 20) or step % 100 == 0:
        print(step, float(d_loss), float(g_loss), float(penalty))
ending(gen.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss, penalty=penalty)
