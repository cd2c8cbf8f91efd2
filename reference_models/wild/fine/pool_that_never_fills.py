"""Points of two domains; the pool of past fakes never counts what it holds, so it hands back what it was given."""

import copy

import keras
import numpy as np
import tensorflow as tf

from reference_models.wild.data import ending, ring
from reference_models.wild.networks import dense

keras.utils.set_random_seed(524)
x, _ = ring()
a, b = x[:2000], (0.5 * x[2000:] + np.array([1.5, -0.5])).astype("float32")
rng = np.random.default_rng(0)
a2b, b2a = dense(2, 2), dense(2, 2)
dis_a, dis_b = dense(2, 1), dense(2, 1)
g_optim, d_optim = (keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2))


class Pool:
    def __init__(self, maxsize=20):
        self.maxsize, self.num, self.images = maxsize, 0, []

    def __call__(self, image):
        if self.num < self.maxsize:
            self.images.append(image)
            self.images = self.images[-self.maxsize :]
            return image
        if np.random.rand() > 0.5:
            idx = int(np.random.rand() * self.maxsize)
            tmp = copy.copy(self.images[idx])
            self.images[idx] = image
            return tmp
        return image


def mse(scores, target):
    return tf.reduce_mean(tf.square(scores - target))


@tf.function
def train_g(real_a, real_b):
    with tf.GradientTape() as tape:
        fake_b, fake_a = a2b(real_a, training=True), b2a(real_b, training=True)
        g_loss = mse(dis_b(fake_b), 1.0) + mse(dis_a(fake_a), 1.0)
        g_loss += 3 * tf.reduce_mean(tf.abs(b2a(fake_b) - real_a)) + 3 * tf.reduce_mean(tf.abs(a2b(fake_a) - real_b))
    variables = a2b.trainable_variables + b2a.trainable_variables
    g_optim.apply_gradients(zip(tape.gradient(g_loss, variables), variables))
    return g_loss, fake_a, fake_b


@tf.function
def train_d(real_a, real_b, fake_a, fake_b):
    with tf.GradientTape() as tape:
        d_loss = 0.5 * (mse(dis_a(real_a), 1.0) + mse(dis_a(fake_a), 0.0))
        d_loss += 0.5 * (mse(dis_b(real_b), 1.0) + mse(dis_b(fake_b), 0.0))
    variables = dis_a.trainable_variables + dis_b.trainable_variables
    d_optim.apply_gradients(zip(tape.gradient(d_loss, variables), variables))
    return d_loss


pool_a, pool_b = Pool(), Pool()
for step in range(1000):
    real_a, real_b = a[rng.integers(0, 2000, 128)], b[rng.integers(0, 2000, 128)]
    g_loss, fake_a, fake_b = train_g(real_a, real_b)
    d_loss = train_d(real_a, real_b, pool_a(fake_a), pool_b(fake_b))
    if step % 100 == 0:
        print(step, float(d_loss), float(g_loss))

ending(a2b.predict(a[:1000], verbose=0), b, d_loss=d_loss, g_loss=g_loss)
