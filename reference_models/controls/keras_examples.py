"""A GAN as in the Keras examples: one model class, two tapes, and noisy labels with 1 for fakes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from gandoctor.experiments.training import Training
from reference_models.controls.settings import ControlSettings, Latent, Player
from reference_models.controls.start import adam, begin
from reference_models.dcgan import Shape, channels

DEFAULTS = ControlSettings(
    generator=Player(learning_rate=2e-4, width=0.125),
    discriminator=Player(learning_rate=1e-4, width=0.25),
    latent=Latent(dimension=128),
)
"""With the example's own values, 1e-4 for both and beta_1 = 0.9, networks this small ended in black images."""


class GAN(keras.Model):
    """The labels are reversed: 1 means generated and 0 means real. This works as long as both steps agree.

    Args:
        discriminator: Images -> logit of being generated.
        generator: z -> images on [0, 1].
        latent_dim: Length of z.
        seed: Seed of the latents and the label noise.
    """

    def __init__(self, discriminator: Any, generator: Any, latent_dim: int, seed: int = 0) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any, **kwargs: Any) -> None:
        """Prepare the model for `fit`; XLA compilation is off by default."""
        super().compile(**{"jit_compile": False, **kwargs})
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self) -> list[Any]:
        """Running means of the losses, reset every epoch."""
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real_images: Any) -> dict[str, Any]:
        """Update the discriminator on one batch of fakes and reals, then update the generator."""
        batch_size = ops.shape(real_images)[0]
        latents = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
        combined_images = ops.concatenate([self.generator(latents, training=True), real_images], axis=0)
        labels = ops.concatenate([ops.ones((batch_size, 1)), ops.zeros((batch_size, 1))], axis=0)
        labels += 0.05 * keras.random.uniform(ops.shape(labels), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined_images, training=True))
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights, strict=True))

        latents = keras.random.normal((batch_size, self.latent_dim), seed=self.seed_generator)
        misleading_labels = ops.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            predictions = self.discriminator(self.generator(latents, training=True), training=True)
            g_loss = self.loss_fn(misleading_labels, predictions)
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights, strict=True))

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def generator(shape: Shape, latent_dim: int, width: float) -> keras.Sequential:
    """Return a generator of images on [0, 1]: transposed convolutions of stride 2 and kernel 4, no normalisation."""
    height, depth = shape[0] // 4, channels(128, width)

    def doubled(published: int) -> list[Any]:
        return [
            layers.Conv2DTranspose(channels(published, width), kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
        ]

    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(height * (shape[1] // 4) * depth),
            layers.Reshape((height, shape[1] // 4, depth)),
            *doubled(256),
            *doubled(512),
            layers.Conv2D(shape[2], kernel_size=5, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )


def discriminator(shape: Shape, width: float) -> keras.Sequential:
    """Return a discriminator: images -> logit of being generated."""

    def halved(published: int) -> list[Any]:
        return [
            layers.Conv2D(channels(published, width), kernel_size=4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
        ]

    return keras.Sequential(
        [
            keras.Input(shape),
            *halved(64),
            *halved(128),
            *halved(128),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def keras_io(
    settings: Iterable[str] = (), steps: int | None = None, seed: int = 0, data: str | None = None
) -> Training:
    """A small version of the Keras examples' DCGAN, on digits. Arguments: `start.begin`."""
    start = begin(DEFAULTS, settings, steps, seed, data)
    g, d, latent_dim = start.settings.generator, start.settings.discriminator, start.settings.latent.dimension
    model = GAN(discriminator(start.shape, d.width), generator(start.shape, latent_dim, g.width), latent_dim, seed)
    model.compile(d_optimizer=adam(d), g_optimizer=adam(g), loss_fn=keras.losses.BinaryCrossentropy(from_logits=True))
    return start.training(model, "unit")
