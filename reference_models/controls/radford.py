"""DCGAN as in its paper (Radford et al. 2016): batch norm in both networks, separate batches of reals and fakes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
from keras import layers

from gandoctor.experiments.training import Training
from reference_models.controls.settings import ControlSettings, Player
from reference_models.controls.start import adam, begin
from reference_models.controls.two_tapes import TwoTapeGAN
from reference_models.dcgan import Shape, channels

DEFAULTS = ControlSettings(
    generator=Player(learning_rate=2e-4, width=0.125), discriminator=Player(learning_rate=2e-4, width=0.25)
)


class PaperDCGAN(TwoTapeGAN):
    """Cross-entropy of probabilities. D's is the sum over reals and fakes: 1.39 at equilibrium instead of 0.69."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cross_entropy = keras.losses.BinaryCrossentropy()

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return the sum of two cross-entropies: of reals with label 1 and of fakes with label 0."""
        ones, zeros = keras.ops.ones_like(real), keras.ops.zeros_like(fake)
        return self.cross_entropy(ones, real) + self.cross_entropy(zeros, fake)

    def generator_loss(self, fake: Any) -> Any:
        """Return the cross-entropy of fakes with label 1."""
        return self.cross_entropy(keras.ops.ones_like(fake), fake)


def _normal() -> Any:
    return keras.initializers.RandomNormal(stddev=0.02)


def generator(shape: Shape, latent_dim: int, width: float) -> keras.Sequential:
    """Return a generator of images on [-1, 1]; batch norm everywhere except at the output."""
    height, depth = shape[0] // 4, channels(512, width)

    def normalised_relu() -> list[Any]:
        return [layers.BatchNormalization(momentum=0.9), layers.ReLU()]

    def doubled(published: int) -> Any:
        return layers.Conv2DTranspose(
            channels(published, width), 4, strides=2, padding="same", use_bias=False, kernel_initializer=_normal()
        )

    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(height * (shape[1] // 4) * depth, use_bias=False, kernel_initializer=_normal()),
            layers.Reshape((height, shape[1] // 4, depth)),
            *normalised_relu(),
            doubled(256),
            *normalised_relu(),
            doubled(128),
            *normalised_relu(),
            layers.Conv2D(shape[2], 3, padding="same", activation="tanh", kernel_initializer=_normal()),
        ],
        name="generator",
    )


def discriminator(shape: Shape, width: float) -> keras.Sequential:
    """Return a discriminator, images -> probability of being real; batch norm everywhere except at the input."""

    def halved(published: int, batch_norm: bool = True) -> list[Any]:
        return [
            layers.Conv2D(channels(published, width), 4, strides=2, padding="same", kernel_initializer=_normal()),
            *([layers.BatchNormalization(momentum=0.9)] if batch_norm else []),
            layers.LeakyReLU(negative_slope=0.2),
        ]

    return keras.Sequential(
        [
            keras.Input(shape),
            *halved(64, batch_norm=False),
            *halved(128),
            *halved(256),
            layers.Flatten(),
            layers.Dense(1, activation="sigmoid", kernel_initializer=_normal()),
        ],
        name="discriminator",
    )


def dcgan_paper(
    settings: Iterable[str] = (), steps: int | None = None, seed: int = 0, data: str | None = "shapes"
) -> Training:
    """The paper's DCGAN on coloured shapes. Arguments: `start.begin`."""
    start = begin(DEFAULTS, settings, steps, seed, data)
    g, d, latent_dim = start.settings.generator, start.settings.discriminator, start.settings.latent.dimension
    model = PaperDCGAN(
        generator(start.shape, latent_dim, g.width),
        discriminator(start.shape, d.width),
        latent_dim,
        start.settings.training.critic_steps,
        seed,
    )
    model.compile(d_optimizer=adam(d), g_optimizer=adam(g))
    return start.training(model, "symmetric")
