"""Points on a ring, WGAN-GP; the condition is the wrong way round, so the critic is taught at every fifth step only."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(116)
x, _ = ring()
generator, critic = dense(8, 2, width=128), dense(2, 1, width=128)

g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)


@tf.function
def critic_step(real):
    mix = tf.random.uniform((128, 1))
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((128, 8)), training=True)
        between = mix * real + (1.0 - mix) * fake
        with tf.GradientTape() as inner:
            inner.watch(between)
            scores = critic(between, training=True)
        slope = tf.sqrt(1e-12 + tf.reduce_sum(tf.square(inner.gradient(scores, between)), 1))
        d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
        d_loss += 10.0 * tf.reduce_mean(tf.square(slope - 1.0))
    d_vars = critic.trainable_variables
    d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    return d_loss


@tf.function
def generator_step():
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(critic(generator(tf.random.normal((128, 8)), training=True), training=True))
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(128)
for step, real in enumerate(dataset.take(700)):
    if step % 5 == 0:
        d_loss = critic_step(real)
    g_loss = generator_step()
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 8)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
