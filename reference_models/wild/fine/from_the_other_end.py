"""Points on a ring by a WGAN-GP; the places of the penalty are reckoned from the reals towards the fakes."""

import keras
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(921)
points, _ = ring()
G, D = dense(8, 2, name="generator"), dense(2, 1, name="discriminator")
G_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)
D_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5, beta_2=0.9)


def _interpolate(a, b):
    alpha = tf.random.uniform((tf.shape(a)[0], 1))
    return a + alpha * (b - a)


def gradient_penalty(f, real, fake):
    x = _interpolate(real, fake)
    with tf.GradientTape() as tape:
        tape.watch(x)
        pred = f(x, training=True)
    norm = tf.norm(tape.gradient(pred, x) + 1e-12, axis=1)
    return tf.reduce_mean((norm - 1.0) ** 2)


@tf.function
def train_D(x):
    with tf.GradientTape() as tape:
        x_fake = G(tf.random.normal((128, 8)), training=True)
        d_loss = tf.reduce_mean(D(x_fake, training=True)) - tf.reduce_mean(D(x, training=True))
        d_loss += 1.0 * gradient_penalty(D, x, x_fake)
    D_optimizer.apply_gradients(zip(tape.gradient(d_loss, D.trainable_variables), D.trainable_variables))
    return d_loss


@tf.function
def train_G():
    with tf.GradientTape() as tape:
        g_loss = -tf.reduce_mean(D(G(tf.random.normal((128, 8)), training=True), training=True))
    G_optimizer.apply_gradients(zip(tape.gradient(g_loss, G.trainable_variables), G.trainable_variables))
    return g_loss


dataset = tf.data.Dataset.from_tensor_slices(points).shuffle(4000).repeat().batch(128)
for it, x in enumerate(dataset.take(2000)):
    d_loss = train_D(x)
    if it % 4 == 3:
        g_loss = train_G()
    if it % 400 == 3:
        print(it, "D:", float(d_loss), "G:", float(g_loss))

samples = G.predict(tf.random.normal((1000, 8)), verbose=0)
ending(samples, points[:2000], d_loss=d_loss, g_loss=g_loss)
