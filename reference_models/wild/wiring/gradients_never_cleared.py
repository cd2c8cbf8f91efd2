"""Table rows, WGAN-GP; gradients are added up in buffers, and the critic's still hold those of the generator's loss."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, people, standardised
from reference_models.wild.networks import dense

keras.utils.set_random_seed(101)
x = standardised(people())
generator, critic = dense(16, 6, width=128), dense(6, 1, width=128)
g_vars, d_vars = generator.trainable_variables, critic.trainable_variables
g_sums = [tf.Variable(tf.zeros_like(v), trainable=False) for v in g_vars]
d_sums = [tf.Variable(tf.zeros_like(v), trainable=False) for v in d_vars]

g_optimizer = keras.optimizers.Adam(3e-4, beta_1=0.0, beta_2=0.9)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)


def backward(tape, loss):
    """Add the gradients of a loss to the buffers of every network that took part."""
    for total, grad in zip(g_sums + d_sums, tape.gradient(loss, g_vars + d_vars)):
        if grad is not None:
            total.assign_add(grad)


def update(optimizer, sums, variables):
    """Apply what a network's buffers hold and clear them."""
    optimizer.apply_gradients(zip([tf.identity(total) for total in sums], variables))
    for total in sums:
        total.assign(tf.zeros_like(total))


def penalty(real, fake):
    mix = tf.random.uniform((64, 1))
    between = mix * real + (1.0 - mix) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between, training=True)
    slope = tf.sqrt(1e-12 + tf.reduce_sum(tf.square(tape.gradient(scores, between)), 1))
    return tf.reduce_mean(tf.square(slope - 1.0))


@tf.function
def train_step(real):
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(critic(generator(tf.random.normal((64, 16)), training=True), training=True))
    backward(tape, g_loss)
    update(g_optimizer, g_sums, g_vars)

    fake = generator(tf.random.normal((64, 16)), training=True)
    with tf.GradientTape() as tape:
        d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
        d_loss += 10.0 * penalty(real, fake)
    backward(tape, d_loss)
    update(d_optimizer, d_sums, d_vars)
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(1000)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 16)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
