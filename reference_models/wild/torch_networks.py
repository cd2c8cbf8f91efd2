"""Small PyTorch networks that several programs use: for digits, for rows and points, and for series."""

from __future__ import annotations

from torch import nn


def digit_generator(latent: int = 32, width: int = 16) -> nn.Sequential:
    """Return a generator of digits: latents (n, latent) -> (n, 1, 28, 28) on [-1, 1]."""
    return nn.Sequential(
        nn.Linear(latent, 49 * width, bias=False),
        nn.BatchNorm1d(49 * width),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (width, 7, 7)),
        nn.ConvTranspose2d(width, width, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )


def digit_discriminator(width: int = 16, dropout: float = 0.3, planes: int = 1) -> nn.Sequential:
    """Return a discriminator of digits: (n, planes, 28, 28) -> (n, 1)."""
    return nn.Sequential(
        nn.Conv2d(planes, width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Dropout(dropout),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(2 * width * 49, 1),
    )


def dense(inputs: int, outputs: int, width: int = 64) -> nn.Sequential:
    """Return three linear layers: (n, inputs) -> (n, outputs)."""
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, outputs),
    )


def series_generator(length: int = 32, latent: int = 16) -> nn.Sequential:
    """Return a generator of series: latents (n, latent) -> (n, 1, length) on [-1, 1]."""
    return nn.Sequential(
        nn.Linear(latent, length // 4 * 32),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (32, length // 4)),
        nn.ConvTranspose1d(32, 32, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose1d(32, 16, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv1d(16, 1, 5, padding=2),
        nn.Tanh(),
    )


def series_discriminator(length: int = 32) -> nn.Sequential:
    """Return a discriminator of series: (n, 1, length) -> (n, 1)."""
    return nn.Sequential(
        nn.Conv1d(1, 32, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Conv1d(32, 32, 5, stride=2, padding=2),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(32 * (length // 4), 1),
    )
