"""A GAN in a loop of its own, in the style that the first argument names; prints what its weights are at the end.

No name here says which network is which: the players are to be found by what they do.
"""

import hashlib
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

STYLE, STEPS, BATCH = sys.argv[1], 24, 16
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
data = np.tanh(rng.normal(size=(400, 8, 8, 1))).astype("float32")
np.save("data.npy", data)

first = keras.Sequential(
    [
        keras.Input((6,)),
        layers.Dense(64),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Dense(64, activation="tanh"),
        layers.Reshape((8, 8, 1)),
    ]
)
second = keras.Sequential(
    [
        keras.Input((8, 8, 1)),
        layers.Flatten(),
        layers.Dense(32),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.3),
        layers.Dense(1),
    ]
)
one, other = keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5)
bce = keras.losses.BinaryCrossentropy(from_logits=True)


def judge(real, fake):
    r, f = second(real, training=True), second(fake, training=True)
    return bce(tf.ones_like(r), r) + bce(tf.zeros_like(f), f), bce(tf.ones_like(f), f)


def both_at_once(real):
    with tf.GradientTape() as a, tf.GradientTape() as b:
        d_loss, g_loss = judge(real, first(tf.random.normal((BATCH, 6)), training=True))
    one.apply_gradients(zip(a.gradient(g_loss, first.trainable_variables), first.trainable_variables, strict=True))
    other.apply_gradients(zip(b.gradient(d_loss, second.trainable_variables), second.trainable_variables, strict=True))


def move_second(real):
    fake = first(tf.random.normal((BATCH, 6)), training=True)
    with tf.GradientTape() as tape:
        mixed = second(tf.concat([fake, real], 0), training=True)
        loss = bce(tf.concat([tf.zeros((BATCH, 1)), tf.ones((BATCH, 1))], 0), mixed)
    other.apply_gradients(zip(tape.gradient(loss, second.trainable_variables), second.trainable_variables, strict=True))


def move_first():
    with tf.GradientTape() as tape:
        f = second(first(tf.random.normal((BATCH, 6)), training=True), training=True)
        loss = bce(tf.ones_like(f), f)
    one.apply_gradients(zip(tape.gradient(loss, first.trainable_variables), first.trainable_variables, strict=True))


if STYLE == "function":
    both_at_once = tf.function(both_at_once)
elif STYLE == "two functions":
    move_second, move_first = tf.function(move_second), tf.function(move_first)
elif STYLE == "compiled":
    second.compile(other, bce)
    second.trainable = False
    z = keras.Input((6,))
    together = keras.Model(z, second(first(z)))
    together.compile(one, bce)
    second.trainable = True

batches = iter(tf.data.Dataset.from_tensor_slices(data).shuffle(400, seed=1).batch(BATCH, drop_remainder=True).repeat())
for _ in range(STEPS):
    if STYLE in ("function", "eager"):
        both_at_once(next(batches))
    elif STYLE == "compiled":
        noise = rng.normal(size=(BATCH, 6)).astype("float32")
        fake = first.predict(noise, verbose=0)
        second.trainable = True
        second.train_on_batch(next(batches).numpy(), np.ones((BATCH, 1)))
        second.train_on_batch(fake, np.zeros((BATCH, 1)))
        second.trainable = False
        together.train_on_batch(noise, np.ones((BATCH, 1)))
    else:
        for _ in range(2):
            move_second(next(batches))
        move_first()

weights = b"".join(w.tobytes() for network in (first, second) for w in network.get_weights())
print("weights", hashlib.sha256(weights).hexdigest())
