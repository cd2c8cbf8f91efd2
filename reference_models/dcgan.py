"""The article's two networks, layer by layer (R. Atienza, "GAN by Example using Keras", 2017)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from reference_models.fault_layers import CollapseHalf, Onset, OutputNoise
from reference_models.settings import Settings

MIN_CHANNELS = 4

Shape = tuple[int, int, int]
"""Height, width, channels of one image; height and width divisible by 4."""


def channels(published: int, width: float) -> int:
    """Return the article's number of channels times `width`, at least four."""
    return max(MIN_CHANNELS, round(published * width))


def build_generator(settings: Settings, shape: Shape, step: Any = None) -> keras.Sequential:
    """Build G: z (n, latent.dimension) -> images (n, height, width, channels).

    A dense layer makes a small image of 256 channels, which is doubled twice by `UpSampling2D` (so that no
    checkerboard arises) and refined by stride-1 transposed convolutions.

    Args:
        settings: Width, dropout, batch normalisation, output activation; with all faults off the layers are
            exactly the article's.
        shape: Of one image.
        step: The training's step counter; only faults that begin mid-run read it.
    """
    g = settings.generator
    height, width, depth = shape[0] // 4, shape[1] // 4, channels(256, g.width)

    def normalised_relu() -> list[Any]:
        norm = [layers.BatchNormalization(momentum=g.batch_norm_momentum)] if g.batch_norm else []
        return [*norm, layers.Activation("relu")]

    def convolution(published: int) -> list[Any]:
        return [layers.Conv2DTranspose(channels(published, g.width), g.kernel_size, padding="same")]

    return keras.Sequential(
        [
            keras.Input((settings.latent.dimension,)),
            *_latent_faults(settings, step),
            layers.Dense(height * width * depth),
            *normalised_relu(),
            layers.Reshape((height, width, depth)),
            layers.Dropout(g.dropout),
            layers.UpSampling2D(),
            *convolution(128),
            *normalised_relu(),
            layers.UpSampling2D(),
            *convolution(64),
            *normalised_relu(),
            *convolution(32),
            *normalised_relu(),
            layers.Conv2DTranspose(shape[2], g.kernel_size, padding="same"),
            layers.Activation(g.output_activation),
            *_image_faults(settings, step),
        ],
        name="generator",
    )


def build_discriminator(settings: Settings, shape: Shape) -> keras.Sequential:
    """Build D: images (n, height, width, channels) -> probability of being real, (n, 1).

    Four convolutions, the first three of stride 2. No batch normalisation: D sees reals and fakes in one
    batch, whose shared statistics would give the fakes away.
    """
    d = settings.discriminator

    def convolution(published: int, strides: int) -> list[Any]:
        return [
            layers.Conv2D(channels(published, d.width), d.kernel_size, strides=strides, padding="same"),
            layers.LeakyReLU(negative_slope=d.leaky_relu_slope),
            layers.Dropout(d.dropout),
        ]

    return keras.Sequential(
        [
            keras.Input(shape),
            *convolution(64, strides=2),
            *convolution(128, strides=2),
            *convolution(256, strides=2),
            *convolution(512, strides=1),
            layers.Flatten(),
            layers.Dense(1),
            layers.Activation("sigmoid"),
        ],
        name="discriminator",
    )


def _latent_faults(settings: Settings, step: Any) -> list[Any]:
    start = settings.faults.half_latents_collapsed.start
    if start is None:
        return []
    latent = settings.latent
    fixed = np.random.default_rng(0).uniform(latent.low, latent.high, latent.dimension)
    return [CollapseHalf(Onset(step, start), fixed.astype(np.float32), name="collapse_half")]


def _image_faults(settings: Settings, step: Any) -> list[Any]:
    noise = settings.faults.output_noise
    if noise.start is None:
        return []
    # The trainer sets the global seed, so that this draw differs between training seeds and repeats.
    seed = int(keras.random.randint((), 0, 2**31 - 1))
    return [OutputNoise(Onset(step, noise.start), noise.sigma, seed, name="output_noise")]
