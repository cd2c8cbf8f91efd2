"""Hinge loss, and a discriminator with spectral normalisation and no batch norm (Miyato et al. 2018)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
from keras import layers, ops

from gandoctor.experiments.training import Training
from reference_models.controls.settings import ControlSettings, Player
from reference_models.controls.start import adam, begin
from reference_models.controls.two_tapes import TwoTapeGAN
from reference_models.dcgan import Shape, channels

DEFAULTS = ControlSettings(
    generator=Player(learning_rate=2e-4, width=0.125), discriminator=Player(learning_rate=2e-4, width=0.25)
)


class HingeGAN(TwoTapeGAN):
    """The discriminator's loss is 0 once reals score above 1 and fakes below -1."""

    def discriminator_loss(self, real: Any, fake: Any) -> Any:
        """Return how far the reals' scores are below 1 and the fakes' above -1, on average."""
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))

    def generator_loss(self, fake: Any) -> Any:
        """Return minus the mean score of the fakes."""
        return -ops.mean(fake)


def generator(shape: Shape, latent_dim: int, width: float) -> keras.Sequential:
    """Return a generator of images on [-1, 1]: transposed convolutions of stride 2 and kernel 4, batch norm, tanh."""
    height, depth = shape[0] // 4, channels(512, width)

    def doubled(published: int) -> list[Any]:
        return [
            layers.Conv2DTranspose(channels(published, width), 4, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]

    return keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(height * (shape[1] // 4) * depth),
            layers.Reshape((height, shape[1] // 4, depth)),
            *doubled(256),
            *doubled(128),
            layers.Conv2D(shape[2], 3, padding="same", activation="tanh"),
        ],
        name="generator",
    )


def discriminator(shape: Shape, width: float) -> keras.Sequential:
    """Return a discriminator, images -> score; every layer's weights are divided by their largest singular value."""

    def convolution(published: int, kernel: int, strides: int) -> list[Any]:
        convolve = layers.Conv2D(channels(published, width), kernel, strides=strides, padding="same")
        return [layers.SpectralNormalization(convolve), layers.LeakyReLU(negative_slope=0.1)]

    return keras.Sequential(
        [
            keras.Input(shape),
            *convolution(64, 3, 1),
            *convolution(64, 4, 2),
            *convolution(128, 3, 1),
            *convolution(128, 4, 2),
            *convolution(256, 3, 1),
            layers.Flatten(),
            layers.SpectralNormalization(layers.Dense(1)),
        ],
        name="discriminator",
    )


def hinge_sn(
    settings: Iterable[str] = (), steps: int | None = None, seed: int = 0, data: str | None = "shapes"
) -> Training:
    """A hinge GAN with spectral normalisation, on coloured shapes. Arguments: `start.begin`."""
    start = begin(DEFAULTS, settings, steps, seed, data)
    g, d, latent_dim = start.settings.generator, start.settings.discriminator, start.settings.latent.dimension
    model = HingeGAN(
        generator(start.shape, latent_dim, g.width),
        discriminator(start.shape, d.width),
        latent_dim,
        start.settings.training.critic_steps,
        seed,
    )
    model.compile(d_optimizer=adam(d), g_optimizer=adam(g))
    return start.training(model, "symmetric")
