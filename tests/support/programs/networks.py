"""The tiny networks and images that all programs train, and what is left of a training to compare."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

LATENT_DIM = 4
CLASSES = 3
layers = keras.layers


def images() -> np.ndarray:
    """128 smooth 8x8 blobs in [0, 1]."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(2, 6, (128, 2, 1, 1))
    y, x = np.mgrid[:8, :8]
    return np.exp(-((y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2) / 3)[..., None].astype(np.float32)


def generator(inputs: int = LATENT_DIM, name: str = "generator") -> Any:
    """Dense, batch norm, a transposed convolution; sigmoid output in float32."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(16 * 4),
            layers.BatchNormalization(momentum=0.8),
            layers.ReLU(),
            layers.Reshape((4, 4, 4)),
            layers.Conv2DTranspose(1, 4, strides=2, padding="same", dtype="float32", activation="sigmoid"),
        ],
        name=name,
    )


def discriminator(activation: str | None = None, channels: int = 1, norm: bool = False) -> Any:
    """A strided convolution, dropout, one output."""
    stack = [
        keras.Input((8, 8, channels)),
        layers.Conv2D(4, 3, strides=2, padding="same"),
        *([layers.BatchNormalization(momentum=0.8)] if norm else []),
        layers.LeakyReLU(0.2),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(1, activation=activation, dtype="float32"),
    ]
    return keras.Sequential(stack, name="discriminator")


def state(*owners: Any) -> dict[str, np.ndarray]:
    """All variables of networks and optimizers: weights, batch-norm statistics, seeds, slots, loss scales."""
    found = {}
    for i, owner in enumerate(owners):
        for j, v in enumerate(owner.variables):
            found[f"{i}/{j}/{v.name}"] = np.asarray(v)
    return found
