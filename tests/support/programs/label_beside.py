"""Conditional GAN whose players take the label as an input of its own: `G((z, label))`, `D((image, label))`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from support.programs import networks

layers = keras.layers


def generator() -> Any:
    z, label = keras.Input((networks.LATENT_DIM,)), keras.Input((networks.CLASSES,))
    hidden = layers.ReLU()(layers.BatchNormalization(momentum=0.8)(layers.Dense(16)(layers.Concatenate()([z, label]))))
    return keras.Model((z, label), layers.Reshape((8, 8, 1))(layers.Dense(64, activation="sigmoid")(hidden)))


def discriminator() -> Any:
    image, label = keras.Input((8, 8, 1)), keras.Input((networks.CLASSES,))
    hidden = layers.Dense(16)(layers.Concatenate()([layers.Flatten()(image), label]))
    hidden = layers.Dropout(0.2)(layers.LeakyReLU(0.2)(layers.BatchNormalization(momentum=0.8)(hidden)))
    return keras.Model((image, label), layers.Dense(1)(hidden))


class LabelledGAN(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.generator, self.discriminator = generator(), discriminator()
        self.latent_dim = networks.LATENT_DIM
        self.seed_generator = keras.random.SeedGenerator(11)

    def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any) -> None:
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def train_step(self, data: Any) -> dict[str, Any]:
        real, label = data
        count = tf.shape(real)[0]
        ones, zeros = tf.ones((count, 1)), tf.zeros((count, 1))
        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        with tf.GradientTape() as d_tape, tf.GradientTape() as g_tape:
            fake = self.generator((z, label), training=True)
            on_real = self.discriminator((real, label), training=True)
            on_fake = self.discriminator((fake, label), training=True)
            d_loss = self.loss_fn(ones, on_real) + self.loss_fn(zeros, on_fake)
            g_loss = self.loss_fn(ones, on_fake)
        for tape, loss, player, optimizer in (
            (d_tape, d_loss, self.discriminator, self.d_optimizer),
            (g_tape, g_loss, self.generator, self.g_optimizer),
        ):
            weights = player.trainable_weights
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def train(monitor: Any, steps: int) -> dict[str, Any]:
    gan = LabelledGAN()
    gan.compile(
        d_optimizer=keras.optimizers.Adam(1e-3),
        g_optimizer=keras.optimizers.Adam(1e-3),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    reals = networks.images()
    labels = np.eye(networks.CLASSES, dtype=np.float32)[np.arange(len(reals)) % networks.CLASSES]
    data = tf.data.Dataset.from_tensor_slices((reals, labels)).batch(16).repeat()
    rng = np.random.default_rng(2)

    def latents(n: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.standard_normal((n, networks.LATENT_DIM)).astype(np.float32), labels[rng.integers(0, 3, n)]

    callbacks = [monitor(probe_data=(reals, labels), latent_sampler=latents)] if monitor else []
    gan.fit(data, steps_per_epoch=steps, epochs=1, callbacks=callbacks, verbose=0)
    return networks.state(gan, gan.d_optimizer, gan.g_optimizer)
