"""Points on a ring, a clipped WGAN; the critic's weights are clipped before its step and not after it."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(119)
x, _ = ring()
generator, critic = dense(8, 2, width=128), dense(2, 1, width=128)

g_optimizer = keras.optimizers.RMSprop(5e-4)
d_optimizer = keras.optimizers.RMSprop(5e-4)


def clip(limit):
    for variable in critic.trainable_variables:
        variable.assign(tf.clip_by_value(variable, -limit, limit))


@tf.function
def critic_step(real):
    clip(0.1)
    with tf.GradientTape() as tape:
        fake = generator(tf.random.normal((128, 8)), training=True)
        d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
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


batches = iter(tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(128))
for step in range(700):
    for _ in range(5):
        d_loss = critic_step(next(batches))
    g_loss = generator_step()
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 8)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
