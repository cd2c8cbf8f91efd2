"""Several pairs of players in one program, in the layout that the first argument names; prints their weights' hash.

"cycle" is a CycleGAN's step in a tf.function, "cycle eager" the same step by step, "fit" a keras.Model that holds the
four networks, "judges" one generator with two discriminators. The second domain is not normalised unless
"sound"; "long" trains 3,000 steps instead of 30.
"""

import hashlib
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

LAYOUT, HIGH = sys.argv[1], 1.0 if "sound" in sys.argv else 255.0
STEPS = 3000 if "long" in sys.argv else 30
keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
X = np.tanh(rng.normal(size=(256, 8, 8, 1))).astype("float32")
Y = (rng.random((256, 8, 8, 1)) * (HIGH + (HIGH == 1.0)) - (HIGH == 1.0)).astype("float32")
PATCHES = LAYOUT == "fit"  # scored by least squares, patch by patch
loss_of = keras.losses.MeanSquaredError() if PATCHES else keras.losses.BinaryCrossentropy(from_logits=True)


def translator():
    conv = layers.Conv2D(8, 3, padding="same", activation="relu")
    last = layers.Conv2D(1, 3, padding="same", activation="tanh")
    return keras.Sequential([keras.Input((8, 8, 1)), conv, last])


def judge():
    conv = layers.Conv2D(8, 3, strides=2, padding="same")
    last = [layers.Conv2D(1, 3, padding="same")] if PATCHES else [layers.Flatten(), layers.Dense(1)]
    return keras.Sequential([keras.Input((8, 8, 1)), conv, layers.LeakyReLU(0.2), *last])


def adam():
    return keras.optimizers.Adam(1e-3)


def d_loss(real, fake):
    return loss_of(tf.ones_like(real), real) + loss_of(tf.zeros_like(fake), fake)


def move(tape, updates):
    for optimizer, loss, network in updates:
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))


def cycle(nets, optimizers, x, y):
    to_y, to_x, of_x, of_y = nets
    with tf.GradientTape(persistent=True) as tape:
        fake_y, fake_x = to_y(x, training=True), to_x(y, training=True)
        back = tf.reduce_mean(abs(to_x(fake_y, training=True) - x))
        back += tf.reduce_mean(abs(to_y(fake_x, training=True) - y))
        said = [network(images, training=True) for network, images in ((of_x, x), (of_x, fake_x), (of_y, y))]
        on_fake_y = of_y(fake_y, training=True)
        losses = (
            loss_of(tf.ones_like(on_fake_y), on_fake_y) + back,
            loss_of(tf.ones_like(said[1]), said[1]) + back,
            d_loss(said[0], said[1]),
            d_loss(said[2], on_fake_y),
        )
    move(tape, zip(optimizers, losses, nets, strict=True))
    return losses


class Cycle(keras.Model):
    def __init__(self, nets):
        super().__init__()
        self.gen_G, self.gen_F, self.disc_X, self.disc_Y = nets

    def compile(self, optimizers):
        super().compile()
        self.all_optimizers = optimizers

    def train_step(self, batch):
        nets = (self.gen_G, self.gen_F, self.disc_X, self.disc_Y)
        losses = cycle(nets, self.all_optimizers, *batch)
        return dict(zip(("g", "f", "dx", "dy"), losses, strict=True))


if LAYOUT == "judges":
    z_net = [keras.Input((6,)), layers.Dense(64, activation="tanh"), layers.Reshape((8, 8, 1))]
    maker, small, large = keras.Sequential(z_net), judge(), judge()
    nets, optimizers = (maker, small, large), [adam() for _ in range(3)]

    @tf.function
    def step(x):
        with tf.GradientTape(persistent=True) as tape:
            fake = maker(tf.random.normal((16, 6)), training=True)
            a, b, c, d = small(x), small(fake), large(x), large(fake)
            losses = (loss_of(tf.ones_like(b), b) + loss_of(tf.ones_like(d), d), d_loss(a, b), d_loss(c, d))
        move(tape, zip(optimizers, losses, nets, strict=True))

    for _ in range(STEPS):
        step(tf.constant(X[rng.integers(0, 256, 16)]))
else:
    gen_G, gen_F, disc_X, disc_Y = nets = (translator(), translator(), judge(), judge())
    optimizers = [adam() for _ in nets]
    pairs = [(X[rng.integers(0, 256, 16)], Y[rng.integers(0, 256, 16)]) for _ in range(STEPS)]
    if LAYOUT == "fit":
        model = Cycle(nets)
        model.compile(optimizers)
        stacked = tuple(np.concatenate(part) for part in zip(*pairs, strict=True))
        model.fit(tf.data.Dataset.from_tensor_slices(stacked).batch(16, drop_remainder=True), verbose=0)
    else:
        run = tf.function(cycle) if LAYOUT == "cycle" else cycle
        for x, y in pairs:
            run(nets, optimizers, tf.constant(x), tf.constant(y))

weights = b"".join(w.tobytes() for network in nets for w in network.get_weights())
print("weights", hashlib.sha256(weights).hexdigest())
