"""Trains a tiny GAN on two logical CPU devices; run by test_distributed.py in a process of its own.

Usage: mirrored_training.py RUN_DIR|none. Prints the sum of each weight, and the gradient norm of one device that sees
the whole first batch.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

STEPS, BATCH = 12, 16


class DataDrivenGAN(keras.Model):
    """Latents are taken from the images, so that what a replica computes depends on its share of the batch only."""

    def __init__(self) -> None:
        super().__init__()
        layers = keras.layers
        self.latent_dim = 4
        self.generator = keras.Sequential(
            [keras.Input((4,)), layers.Dense(64, activation="sigmoid"), layers.Reshape((8, 8, 1))]
        )
        self.discriminator = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(1)])
        self.d_optimizer = keras.optimizers.SGD(0.1)
        self.g_optimizer = keras.optimizers.SGD(0.1)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        self.g_optimizer.build(self.generator.trainable_variables)
        self.built = True

    def call(self, images: Any) -> Any:
        return self.discriminator(images)

    def d_loss(self, real: Any) -> Any:
        fake = self.generator(real[:, 0, :4, 0] * 4 - 2)
        return tf.reduce_mean(tf.nn.softplus(self.discriminator(fake)) + tf.nn.softplus(-self.discriminator(real)))

    def train_step(self, real: Any) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            d_loss = self.d_loss(real)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            fake = self.generator(real[:, 0, :4, 0] * 4 - 2)
            g_loss = tf.reduce_mean(tf.nn.softplus(-self.discriminator(fake)))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def make() -> DataDrivenGAN:
    keras.utils.set_random_seed(0)
    return DataDrivenGAN()


def main(run_dir: str) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    reals = np.random.default_rng(0).uniform(0, 1, (STEPS * BATCH, 8, 8, 1)).astype(np.float32)
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        gan = make()
        gan.compile()
    callbacks = []
    if run_dir != "none":
        from gandoctor import GANMonitor

        callbacks = [GANMonitor(run_dir, probe_data=reals[:64], loss="non_saturating", strict=True)]
    data = tf.data.Dataset.from_tensor_slices(reals).batch(BATCH)
    gan.fit(data, callbacks=callbacks, verbose=0, shuffle=False)
    alone = make()
    with tf.GradientTape() as tape:
        loss = alone.d_loss(tf.constant(reals[:BATCH]))
    gradients = tape.gradient(loss, alone.discriminator.trainable_weights)
    weights = [float(np.sum(v.numpy())) for v in (*gan.generator.variables, *gan.discriminator.variables)]
    print(json.dumps({"weights": weights, "norm": float(tf.linalg.global_norm(gradients)), "loss": float(loss)}))


main(sys.argv[1])
