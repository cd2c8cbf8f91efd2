"""Small networks that several programs use: for digits, for rows and points, and for series."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers


def digit_generator(latent: int = 32, output: str | None = "tanh", width: int = 16) -> Any:
    """Return a generator of digits: latents (n, latent) -> (n, 28, 28, 1)."""
    return keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(7 * 7 * width, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.LeakyReLU(0.2),
            layers.Reshape((7, 7, width)),
            layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation=output),
        ],
        name="generator",
    )


def digit_discriminator(
    output: str | None = None, width: int = 16, dropout: float = 0.3, planes: int = 1, name: str = "discriminator"
) -> Any:
    """Return a discriminator of digits: (n, 28, 28, planes) -> (n, 1)."""
    return keras.Sequential(
        [
            keras.Input((28, 28, planes)),
            layers.Conv2D(width, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(dropout),
            layers.Conv2D(2 * width, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(1, activation=output),
        ],
        name=name,
    )


def dense(inputs: int, outputs: int, width: int = 64, output: str | None = None, name: str | None = None) -> Any:
    """Return three dense layers: (n, inputs) -> (n, outputs)."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(width),
            layers.LeakyReLU(0.2),
            layers.Dense(width),
            layers.LeakyReLU(0.2),
            layers.Dense(outputs, activation=output),
        ],
        name=name,
    )


def series_generator(length: int = 32, latent: int = 16, output: str | None = "tanh") -> Any:
    """Return a generator of series: latents (n, latent) -> (n, length, 1)."""
    return keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(length // 4 * 32),
            layers.LeakyReLU(0.2),
            layers.Reshape((length // 4, 32)),
            layers.Conv1DTranspose(32, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv1DTranspose(16, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv1D(1, 5, padding="same", activation=output),
        ],
        name="generator",
    )


def series_discriminator(length: int = 32, output: str | None = None, normalised: bool = False) -> Any:
    """Return a discriminator of series: (n, length, 1) -> (n, 1)."""
    return keras.Sequential(
        [
            keras.Input((length, 1)),
            layers.Conv1D(32, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            *([layers.BatchNormalization()] if normalised else []),
            layers.Conv1D(32, 5, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            *([layers.BatchNormalization()] if normalised else []),
            layers.Flatten(),
            layers.Dense(1, activation=output),
        ],
        name="discriminator",
    )


def translator(planes: int = 1) -> Any:
    """Return a generator that translates digits: (n, 28, 28, planes) -> (n, 28, 28, 1) on [-1, 1]."""
    image = keras.Input((28, 28, planes))
    first = layers.Conv2D(8, 5, padding="same", activation="relu")(image)
    deep = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(first)
    deep = layers.Conv2D(16, 3, padding="same", activation="relu")(deep)
    wide = layers.Conv2DTranspose(8, 4, strides=2, padding="same", activation="relu")(deep)
    out = layers.Conv2D(1, 5, padding="same", activation="tanh")(layers.Concatenate()([wide, first]))
    return keras.Model(image, out)
