"""A WGAN-GP of points; the noise is drawn before the loop and never again."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(27)
x, _ = ring()
generator, critic = dense(8, 2), dense(2, 1)
noise = tf.random.normal((64, 8))

g_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)
d_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.9)


def penalty(real, fake):
    mix = tf.random.uniform((tf.shape(real)[0],) + (1,) * (len(real.shape) - 1))
    between = real + mix * (fake - real)
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between, training=True)
    slope = tf.reshape(tape.gradient(scores, between), (tf.shape(real)[0], -1))
    return tf.reduce_mean(tf.square(tf.sqrt(1e-12 + tf.reduce_sum(tf.square(slope), 1)) - 1.0))


@tf.function
def train_step(real):
    for _ in range(3):
        with tf.GradientTape() as tape:
            fake = generator(noise, training=True)
            d_loss = tf.reduce_mean(critic(fake, training=True)) - tf.reduce_mean(critic(real, training=True))
            d_loss += 10.0 * penalty(real, fake)
        d_vars = critic.trainable_variables
        d_optimizer.apply_gradients(zip(tape.gradient(d_loss, d_vars), d_vars))
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(critic(generator(noise, training=True), training=True))
    g_vars = generator.trainable_variables
    g_optimizer.apply_gradients(zip(tape.gradient(g_loss, g_vars), g_vars))
    return d_loss, g_loss


dataset = tf.data.Dataset.from_tensor_slices(x).shuffle(4000).repeat().batch(64)
for step, real in enumerate(dataset.take(400)):
    d_loss, g_loss = train_step(real)
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))
ending(generator.predict(tf.random.normal((500, 8)), verbose=0), x[:1500], d_loss=d_loss, g_loss=g_loss)
