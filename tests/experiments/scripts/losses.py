"""Losses as people give them: losses.py STYLE, with the STYLE a function's name below; 52 steps."""

import sys

import keras
import numpy as np
import tensorflow as tf

keras.utils.set_random_seed(0)
L, BATCH, STEPS = keras.layers, 16, 52
DATA = np.random.default_rng(0).random((512, 8)).astype("float32")
LATENTS = np.random.default_rng(1).standard_normal((STEPS, BATCH, 4)).astype("float32")
REAL, FAKE = np.ones((BATCH, 1)), np.zeros((BATCH, 1))


def judge(activation=None):
    return keras.Sequential([keras.Input((8,)), L.Dense(16), L.LeakyReLU(), L.Dense(1, activation=activation)])


def maker(width=4):
    return keras.Sequential([keras.Input((width,)), L.Dense(16), L.LeakyReLU(), L.Dense(8)])


def batch(step):
    return DATA[np.arange(step * BATCH, (step + 1) * BATCH) % len(DATA)]


def apart(d, stack, g, real, fake, clip=None, told=None):
    """Train the discriminator on reals and on fakes apart, then the stacked model."""
    for step in range(STEPS):
        d.trainable = True
        d.train_on_batch(batch(step), real)
        d.train_on_batch(g.predict(LATENTS[step], verbose=0), fake)
        if clip is not None:
            for layer in d.layers:
                layer.set_weights([np.clip(w, -clip, clip) for w in layer.get_weights()])
        d.trainable = False
        stack.train_on_batch(LATENTS[step], real if told is None else [real, told])


def clipped():
    """The clipped critic of Arjovsky et al., with labels -1 and 1; its scores stay near 0."""

    def loss(y, score):
        return keras.ops.mean(y * score)

    d, g = judge(), maker()
    d.compile(loss=loss, optimizer=keras.optimizers.RMSprop(5e-5))
    d.trainable = False
    stack = keras.Sequential([g, d])
    stack.compile(loss=loss, optimizer=keras.optimizers.RMSprop(5e-5))
    apart(d, stack, g, -REAL, REAL, clip=0.01)


def listed():
    """InfoGAN: the losses come in lists, and the generator's is no formula of the discriminator's output alone."""
    x = keras.Input((8,))
    body = L.LeakyReLU()(L.Dense(16)(x))
    d, q = (keras.Model(x, L.Dense(*last)(body)) for last in ((1, "sigmoid"), (3, "softmax")))
    g, z = maker(), keras.Input((4,))
    d.compile(loss=["binary_crossentropy"], optimizer="adam")
    d.trainable = False
    stack = keras.Model(z, [d(g(z)), q(g(z))])
    stack.compile(loss=["binary_crossentropy", "categorical_crossentropy"], optimizer="adam")
    apart(d, stack, g, REAL, FAKE, told=np.eye(3)[np.arange(BATCH) % 3])


def wrapped():
    """A model around the discriminator is compiled, and its calls are none of the discriminator."""
    d, g = judge("sigmoid"), maker()
    outer, stack = keras.Sequential([d]), keras.Sequential([g, d])
    outer.compile(loss="binary_crossentropy", optimizer="rmsprop")
    stack.compile(loss="binary_crossentropy", optimizer="rmsprop")
    for step in range(STEPS):
        both = np.concatenate([batch(step), g.predict(LATENTS[step], verbose=0)])
        outer.train_on_batch(both, np.concatenate([REAL, FAKE]))
        stack.train_on_batch(LATENTS[step], REAL)


def one_an_image():
    """Losses that are not reduced: TensorFlow differentiates their sum."""
    d, g = judge(), maker()
    d_optimizer, g_optimizer = keras.optimizers.Adam(), keras.optimizers.Adam()

    def entropy(label, score):
        return keras.losses.binary_crossentropy(label, score, from_logits=True)

    @tf.function
    def step(real, latents):
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            said, of_fake = d(real), d(g(latents))
            d_loss = entropy(tf.ones_like(said), said) + entropy(tf.zeros_like(of_fake), of_fake)
            g_loss = entropy(tf.ones_like(of_fake), of_fake)
        for tape, loss, optimizer, player in ((d_tape, d_loss, d_optimizer, d), (g_tape, g_loss, g_optimizer, g)):
            weights = player.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    for n in range(STEPS):
        step(batch(n), LATENTS[n])


globals()[sys.argv[1]]()
