"""Points on a ring, WGAN-GP; where the penalty is taken is drawn by a normal law and not between real and fake."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(320)
x, _ = ring()
generator, critic = dense(8, 2), dense(2, 1)
g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)
c_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)


def gradient_penalty(real, fake):
    alpha = tf.random.normal([len(real), 1], 0.0, 1.0)
    interpolated = real + alpha * (fake - real)
    with tf.GradientTape() as gp_tape:
        gp_tape.watch(interpolated)
        pred = critic(interpolated, training=True)
    grads = gp_tape.gradient(pred, interpolated)
    norm = tf.sqrt(tf.reduce_sum(tf.square(grads), axis=1) + 1e-12)
    return tf.reduce_mean((norm - 1.0) ** 2)


@tf.function
def train_critic(real):
    fake = generator(tf.random.normal((128, 8)), training=True)
    with tf.GradientTape() as tape:
        cost = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
        loss = cost + gradient_penalty(real, fake)
    c_vars = critic.trainable_variables
    c_optimizer.apply_gradients(zip(tape.gradient(loss, c_vars), c_vars))
    return loss


@tf.function
def train_generator():
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(critic(generator(tf.random.normal((128, 8)), training=True), training=True))
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(loss, g_vars), g_vars))
    return loss


batches = iter(tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(128, drop_remainder=True))
for step in range(1000):
    for _ in range(2):
        c_loss = train_critic(next(batches))
    g_loss = train_generator()
    if step % 100 == 0:
        print(f"step {step} critic {float(c_loss):.3f} generator {float(g_loss):.3f}")
samples = generator.predict(tf.random.normal((1000, 8)), verbose=0)
ending(samples, x[:2000], d_loss=c_loss, g_loss=g_loss)
