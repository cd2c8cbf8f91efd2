"""A game beside which a third network is trained; the first argument says how.

"phases": codes are learned first, then what makes codes, then the game on them. "both ways": one network makes data
from codes and another codes from data, trained together through one compiled model.
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(5)
bce = keras.losses.BinaryCrossentropy(from_logits=True)
rng = np.random.default_rng(2)


def net(taken, made):
    return keras.Sequential([keras.Input((taken,)), layers.Dense(16), layers.LeakyReLU(0.2), layers.Dense(made)])


def move(optimizer, tape, loss, *networks):
    weights = [w for network in networks for w in network.trainable_weights]
    found = [(g, w) for g, w in zip(tape.gradient(loss, weights), weights, strict=True) if g is not None]
    optimizer.apply_gradients(found)


def phases():
    code, decode, make, follow, judge = net(3, 8), net(8, 3), net(4, 8), net(8, 8), net(8, 1)
    optimizers = [keras.optimizers.Adam(1e-3) for _ in range(4)]

    @tf.function
    def learn_codes(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x - decode(code(x))) ** 2)
        move(optimizers[0], tape, loss, code, decode)

    @tf.function
    def learn_to_follow(x):
        with tf.GradientTape() as tape:
            codes = code(x)
            loss = tf.reduce_mean((codes[1:] - follow(codes)[:-1]) ** 2)
        move(optimizers[1], tape, loss, make, follow)

    @tf.function
    def move_maker(z):
        with tf.GradientTape() as tape:
            f = judge(follow(make(z)))
            loss = bce(tf.ones_like(f), f)
        move(optimizers[2], tape, loss, make, follow)

    @tf.function
    def move_judge(x, z):
        with tf.GradientTape() as tape:
            r, f = judge(code(x)), judge(follow(make(z)))
            loss = bce(tf.ones_like(r), r) + bce(tf.zeros_like(f), f)
        move(optimizers[3], tape, loss, judge)

    for _ in range(14):
        learn_codes(tf.random.normal((16, 3)))
    for _ in range(14):
        learn_to_follow(tf.random.normal((16, 3)))
    for _ in range(12):
        move_maker(tf.random.normal((16, 4)))
        move_judge(tf.random.normal((16, 3)), tf.random.normal((16, 4)))


def both_ways():
    make, code = net(4, 9), net(9, 4)
    z, x = keras.Input((4,)), keras.Input((9,))
    hidden = layers.LeakyReLU(0.2)(layers.Dense(16)(layers.Concatenate()([z, x])))
    judge = keras.Model([z, x], layers.Dense(1)(hidden), name="last")
    judge.compile(keras.optimizers.Adam(1e-3), bce)
    judge.trainable = False
    both = keras.Model([z, x], [judge([z, make(z)]), judge([code(x), x])])
    both.compile(keras.optimizers.Adam(1e-3), [bce, bce])
    one, zero = np.ones((16, 1)), np.zeros((16, 1))
    for _ in range(12):
        noise, real = rng.normal(size=(16, 4)).astype("float32"), rng.normal(size=(16, 9)).astype("float32")
        made, codes = make.predict(noise, verbose=0), code.predict(real, verbose=0)
        judge.trainable = True
        judge.train_on_batch([codes, real], one)
        judge.train_on_batch([noise, made], zero)
        judge.trainable = False
        both.train_on_batch([noise, real], [one, zero])


phases() if sys.argv[1] == "phases" else both_ways()
