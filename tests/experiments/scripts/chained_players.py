"""A generator of two networks, g and s; step_e calls the second alone, in another tf.function."""

import keras
import tensorflow as tf

keras.utils.set_random_seed(0)


class Net(keras.Model):
    def __init__(self, out, **k):
        super().__init__(**k)
        self.gru = keras.layers.GRU(8, return_sequences=True)
        self.dense = keras.layers.Dense(out)

    def call(self, x):
        return self.dense(self.gru(x))


class E(Net):
    pass


class R(Net):
    pass


class G(Net):
    pass


class S(Net):
    pass


class D(Net):
    pass


e, r, g, s, d = E(8), R(3), G(8), S(8), D(1)


def mse(a, b):
    return tf.reduce_mean((a - b) ** 2)


bce = keras.losses.BinaryCrossentropy(from_logits=True)
oe0, os_, og, oe, od = [keras.optimizers.Adam() for _ in range(5)]


def up(t, loss, ws, o):
    o.apply_gradients(zip(t.gradient(loss, ws), ws, strict=False))


@tf.function
def step_e0(x):
    with tf.GradientTape() as t:
        loss = mse(x, r(e(x)))
    up(t, loss, e.trainable_variables + r.trainable_variables, oe0)
    return loss


@tf.function
def step_s(x):
    with tf.GradientTape() as t:
        h = e(x)
        loss = mse(h, s(h))
    up(t, loss, s.trainable_variables, os_)
    return loss


@tf.function
def step_g(x, z):
    with tf.GradientTape() as t:
        h = e(x)
        eh = g(z)
        hh = s(eh)
        hs = s(h)
        xh = r(hh)
        yf = d(hh)
        ye = d(eh)
        loss = bce(tf.ones_like(yf), yf) + bce(tf.ones_like(ye), ye) + mse(h, hs) + mse(x, xh)
    up(t, loss, g.trainable_variables + s.trainable_variables, og)
    return loss


@tf.function
def step_e(x):
    with tf.GradientTape() as t:
        h = e(x)
        hs = s(h)
        xt = r(h)
        loss = mse(x, xt) + 0.1 * mse(h, hs)
    up(t, loss, e.trainable_variables + r.trainable_variables, oe)
    return loss


x = tf.random.normal((16, 6, 3))
z = tf.random.uniform((16, 6, 3))
for _ in range(3):
    step_e0(x)
for _ in range(3):
    step_s(x)
for _ in range(3):
    step_g(x, z)
    step_e(x)
for w in (*e.weights, *r.weights, *g.weights, *s.weights, *d.weights):
    print("BITS", w.numpy().tobytes().hex())
