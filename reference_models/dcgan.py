"""The article's two networks, layer by layer (R. Atienza, "GAN by Example using Keras", 2017)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from reference_models.settings import DiscriminatorSettings, Settings
from reference_models.sizes import MIN_CHANNELS, Shape, channels

__all__ = ["MIN_CHANNELS", "Shape", "build_discriminator", "build_generator", "channels"]


def build_generator(settings: Settings, shape: Shape) -> keras.Sequential:
    """Build G: z (n, latent.dimension) -> images (n, height, width, channels); see `generator_layers`."""
    return keras.Sequential(generator_layers(settings, shape), name="generator")


def build_discriminator(settings: Settings, shape: Shape) -> keras.Sequential:
    """Build D: images (n, height, width, channels) -> probability of being real, (n, 1); see `discriminator_layers`."""
    return keras.Sequential(discriminator_layers(settings, shape), name="discriminator")


def generator_layers(settings: Settings, shape: Shape) -> list[Any]:
    """Return G's layers in order.

    A dense layer makes a small image of 256 channels. `UpSampling2D` doubles its size twice, so that no checkerboard
    pattern arises, and transposed convolutions of stride 1 refine it.

    Args:
        settings: Width, dropout, batch normalisation, output activation. With the defaults, the layers are exactly the
            article's.
        shape: Height, width and channels of an image.
    """
    g = settings.generator
    height, width, depth = shape[0] // 4, shape[1] // 4, channels(256, g.width)

    def normalised_relu() -> list[Any]:
        norm = [layers.BatchNormalization(momentum=g.batch_norm_momentum)] if g.batch_norm else []
        return [*norm, layers.Activation("relu")]

    def convolution(published: int, strides: int = 1) -> list[Any]:
        return [layers.Conv2DTranspose(channels(published, g.width), g.kernel_size, strides=strides, padding="same")]

    def doubled(published: int) -> list[Any]:
        if g.upsampling == "stride":
            return convolution(published, strides=2)
        return [layers.UpSampling2D(), *convolution(published)]

    return [
        keras.Input((settings.latent.dimension,)),
        layers.Dense(height * width * depth),
        *normalised_relu(),
        layers.Reshape((height, width, depth)),
        layers.Dropout(g.dropout),
        *doubled(128),
        *normalised_relu(),
        *doubled(64),
        *normalised_relu(),
        *convolution(32),
        *normalised_relu(),
        layers.Conv2DTranspose(shape[2], g.kernel_size, padding="same"),
        layers.Activation(g.output_activation),
    ]


def discriminator_layers(settings: Settings, shape: Shape) -> list[Any]:
    """Return D's layers in order.

    There are four convolutions, the first three of stride 2. There is no batch normalisation by default: D sees reals
    and fakes in one batch, whose shared statistics would give the fakes away.
    """
    d = settings.discriminator
    return [
        keras.Input(shape),
        *_convolution(d, 64, strides=2, batch_norm=False),
        *_convolution(d, 128, strides=2, batch_norm=d.batch_norm),
        *_convolution(d, 256, strides=2, batch_norm=d.batch_norm),
        *_convolution(d, 512, strides=1, batch_norm=d.batch_norm),
        layers.Flatten(),
        layers.Dense(1),
        layers.Activation(d.output_activation),
    ]


def _convolution(d: DiscriminatorSettings, published: int, strides: int, batch_norm: bool) -> list[Any]:
    """Return one of D's convolutions and the layers after it; max pooling, if set, replaces the stride."""
    pooled = strides > 1 and d.downsampling == "max_pooling"
    relu = layers.ReLU() if d.activation == "relu" else layers.LeakyReLU(negative_slope=d.leaky_relu_slope)
    return [
        layers.Conv2D(channels(published, d.width), d.kernel_size, strides=1 if pooled else strides, padding="same"),
        *([layers.BatchNormalization(momentum=d.batch_norm_momentum)] if batch_norm else []),
        relu,
        *([layers.MaxPooling2D(strides, padding="same")] if pooled else []),
        layers.Dropout(d.dropout),
    ]
