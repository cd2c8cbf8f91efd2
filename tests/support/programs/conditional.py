"""Conditional GAN: the label goes to the generator beside the noise and to the discriminator as further channels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from support.programs import networks


class ConditionalGAN(keras.Model):
    def __init__(self, discriminator: Any, generator: Any, latent_dim: int) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.seed_generator = keras.random.SeedGenerator(1337)
        self.gen_loss_tracker = keras.metrics.Mean(name="generator_loss")
        self.disc_loss_tracker = keras.metrics.Mean(name="discriminator_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.gen_loss_tracker, self.disc_loss_tracker]

    def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any) -> None:
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def train_step(self, data: Any) -> dict[str, Any]:
        real, label = data
        count = tf.shape(real)[0]
        planes = tf.tile(label[:, None, None, :], (1, 8, 8, 1))
        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        fake = self.generator(tf.concat([z, label], axis=1))
        both = tf.concat([tf.concat([fake, planes], -1), tf.concat([real, planes], -1)], axis=0)
        labels = tf.concat([tf.ones((count, 1)), tf.zeros((count, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights, strict=True))

        z = keras.random.normal((count, self.latent_dim), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            fake = self.generator(tf.concat([z, label], axis=1))
            g_loss = self.loss_fn(tf.zeros((count, 1)), self.discriminator(tf.concat([fake, planes], -1)))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights, strict=True))
        self.gen_loss_tracker.update_state(g_loss)
        self.disc_loss_tracker.update_state(d_loss)
        return {"g_loss": self.gen_loss_tracker.result(), "d_loss": self.disc_loss_tracker.result()}


def train(monitor: Any, steps: int, tell_latents: bool = False, fits_before: int = 0) -> dict[str, Any]:
    """Train after `fits_before` calls of fit without a monitor.

    `tell_latents` passes the monitor what the generator takes, which it cannot know.
    """
    gan = ConditionalGAN(
        networks.discriminator(channels=1 + networks.CLASSES),
        networks.generator(networks.LATENT_DIM + networks.CLASSES),
        networks.LATENT_DIM,
    )
    gan.compile(
        d_optimizer=keras.optimizers.Adam(1e-3),
        g_optimizer=keras.optimizers.Adam(1e-3),
        loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    reals = networks.images()
    labels = np.eye(networks.CLASSES, dtype=np.float32)[np.arange(len(reals)) % networks.CLASSES]
    data = tf.data.Dataset.from_tensor_slices((reals, labels)).batch(16).repeat()

    def latents(n: int) -> np.ndarray:
        z = np.random.standard_normal((n, networks.LATENT_DIM))  # the global state, as scripts have it
        return np.concatenate([z, labels[:n]], axis=1).astype(np.float32)

    told = {"latent_sampler": latents} if tell_latents else {}
    for _ in range(fits_before):
        gan.fit(data, steps_per_epoch=steps, epochs=1, verbose=0)
    callbacks = [monitor(probe_data=reals, **told)] if monitor else []
    gan.fit(data, steps_per_epoch=steps, epochs=1, callbacks=callbacks, verbose=0)
    return networks.state(gan, gan.d_optimizer, gan.g_optimizer)
