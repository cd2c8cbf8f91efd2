"""A GAN of dense layers, like the first GANs (Goodfellow et al. 2014)."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

import keras
from keras import layers, ops

from gandoctor.experiments.training import Training
from reference_models.controls.settings import ControlSettings, Latent, Loop, Player
from reference_models.controls.start import adam, begin
from reference_models.controls.two_tapes import TwoTapeGAN
from reference_models.dcgan import Shape, channels

DEFAULTS = ControlSettings(
    generator=Player(learning_rate=2e-4, width=1.0),
    discriminator=Player(learning_rate=2e-4, width=1.0),
    latent=Latent(dimension=64),
    training=Loop(batch_size=64, steps=2000),
)


class MLPGAN(TwoTapeGAN):
    """Cross-entropy from logits; both losses are 0.69 when D cannot tell real from fake."""

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return the mean cross-entropy with labels 1 for reals and 0 for fakes."""
        return 0.5 * ops.mean(ops.softplus(-real)) + 0.5 * ops.mean(ops.softplus(fake))

    def generator_loss(self, fake: Any) -> Any:
        """Return the mean cross-entropy with label 1 for fakes."""
        return ops.mean(ops.softplus(-fake))


def generator(shape: Shape, latent_dim: int, width: float) -> keras.Sequential:
    """Return a generator of images on [-1, 1]."""

    def wide(published: int) -> list[Any]:
        return [
            layers.Dense(channels(published, width)),
            layers.BatchNormalization(momentum=0.9),
            layers.LeakyReLU(negative_slope=0.2),
        ]

    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            *wide(256),
            *wide(512),
            layers.Dense(prod(shape), activation="tanh"),
            layers.Reshape(shape),
        ],
        name="generator",
    )


def discriminator(shape: Shape, width: float) -> keras.Sequential:
    """Return a discriminator: images -> logit."""

    def wide(published: int) -> list[Any]:
        return [
            layers.Dense(channels(published, width)),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dropout(0.3),
        ]

    return keras.Sequential(
        [keras.Input(shape), layers.Flatten(), *wide(512), *wide(256), layers.Dense(1)], name="discriminator"
    )


def mlp(settings: Iterable[str] = (), steps: int | None = None, seed: int = 0, data: str | None = None) -> Training:
    """A GAN of dense layers on digits. Arguments: `start.begin`."""
    start = begin(DEFAULTS, settings, steps, seed, data)
    g, d, latent_dim = start.settings.generator, start.settings.discriminator, start.settings.latent.dimension
    model = MLPGAN(
        generator(start.shape, latent_dim, g.width),
        discriminator(start.shape, d.width),
        latent_dim,
        start.settings.training.critic_steps,
        seed,
    )
    model.compile(d_optimizer=adam(d), g_optimizer=adam(g))
    return start.training(model, "symmetric")
