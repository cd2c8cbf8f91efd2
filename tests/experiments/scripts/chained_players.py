"""A generator of two networks, g and s; step_e calls the second alone, in another tf.function."""

import keras
import tensorflow as tf

keras.utils.set_random_seed(0)


class Net(keras.Model):
    def __init__(s, out, **k):
        super().__init__(**k)
        s.l = keras.layers.GRU(8, return_sequences=True)
        s.d = keras.layers.Dense(out)

    def call(s, x):
        return s.d(s.l(x))


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


def up(t, l, ws, o):
    o.apply_gradients(zip(t.gradient(l, ws), ws, strict=False))


@tf.function
def step_e0(x):
    with tf.GradientTape() as t:
        l = mse(x, r(e(x)))
    up(t, l, e.trainable_variables + r.trainable_variables, oe0)
    return l


@tf.function
def step_s(x):
    with tf.GradientTape() as t:
        h = e(x)
        l = mse(h, s(h))
    up(t, l, s.trainable_variables, os_)
    return l


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
        l = bce(tf.ones_like(yf), yf) + bce(tf.ones_like(ye), ye) + mse(h, hs) + mse(x, xh)
    up(t, l, g.trainable_variables + s.trainable_variables, og)
    return l


@tf.function
def step_e(x):
    with tf.GradientTape() as t:
        h = e(x)
        hs = s(h)
        xt = r(h)
        l = mse(x, xt) + 0.1 * mse(h, hs)
    up(t, l, e.trainable_variables + r.trainable_variables, oe)
    return l


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
