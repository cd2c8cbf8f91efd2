"""A GAN trained by `fit` on a pipeline that cannot be read a second time, or with labels; the first argument says."""

import hashlib
import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

KIND, BATCH = sys.argv[1], 16
keras.utils.set_random_seed(3)
data = np.tanh(np.random.default_rng(0).normal(size=(400, 8, 8, 1))).astype("float32")
labels = np.eye(3, dtype="float32")[np.arange(400) % 3]
LABELS = 3 if KIND == "labels" else 0


class GAN(keras.Model):
    def __init__(self):
        super().__init__()
        self.latent_dim = 6
        self.generator = keras.Sequential(
            [keras.Input((6 + LABELS,)), layers.Dense(64, activation="tanh"), layers.Reshape((8, 8, 1))]
        )
        self.discriminator = keras.Sequential(
            [keras.Input((8, 8, 1 + LABELS)), layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(1)]
        )

    def compile(self):
        super().compile()
        self.d_optimizer, self.g_optimizer = keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3)
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, batch):
        real, label = batch if LABELS else (batch, None)
        z = tf.random.normal((BATCH, 6))
        if LABELS:
            z = tf.concat([z, label], 1)

        def beside(images):
            return tf.concat([images, tf.tile(label[:, None, None, :], (1, 8, 8, 1))], -1) if LABELS else images

        both = tf.concat([beside(self.generator(z)), beside(real)], 0)
        is_fake = tf.concat([tf.ones((BATCH, 1)), tf.zeros((BATCH, 1))], 0)
        with tf.GradientTape() as tape:
            d_loss = self.bce(is_fake, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            g_loss = self.bce(tf.zeros((BATCH, 1)), self.discriminator(beside(self.generator(z))))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


batches = tf.data.Dataset.from_tensor_slices((data, labels) if LABELS else data).shuffle(400, seed=1)
if KIND == "unbatch":
    batches = batches.batch(5).shuffle(10, seed=2).unbatch()
batches = batches.batch(BATCH, drop_remainder=True)
if KIND == "flip":
    batches = batches.map(lambda images: tf.image.random_flip_left_right(images, seed=4))
gan = GAN()
gan.compile()
gan.fit(batches, epochs=1, steps_per_epoch=24, verbose=0)
print("weights", hashlib.sha256(b"".join(w.tobytes() for w in gan.get_weights())).hexdigest())
