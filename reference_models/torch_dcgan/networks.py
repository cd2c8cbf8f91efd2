"""The reference model's two networks in PyTorch, with the faults that are layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from reference_models.settings import DiscriminatorSettings, Settings, Switch
from reference_models.sizes import Shape, channels
from reference_models.torch_dcgan.faulty_modules import Begun, CollapseHalf, OutputNoise, SaltAndPepper, TenLatents

COLLAPSED_TO = 10
"""Number of images that the fault `ten-latents` leaves."""

MakeBegun = Callable[[Switch], Begun]
"""Makes what tells whether a fault acts in the step under way."""


def build_generator(settings: Settings, shape: Shape, begun: MakeBegun, seed: int) -> nn.Sequential:
    """Build G: z (n, latent.dimension) -> images (n, channels, height, width).

    Args:
        settings: Width, layers, and which faults are on.
        shape: Height, width and channels of an image.
        begun: See `MakeBegun`.
        seed: Seed of the faults' own random numbers.
    """
    g, faults = settings.generator, settings.faults
    height, width, depth = shape[0] // 4, shape[1] // 4, channels(256, g.width)

    def normalised_relu(norm: Callable[..., nn.Module], count: int) -> list[nn.Module]:
        layers = [norm(count, momentum=1 - g.batch_norm_momentum)] if g.batch_norm else []
        return [nn.ReLU(), *layers] if faults.activation_before_batch_norm else [*layers, nn.ReLU()]

    def convolution(before: int, after: int) -> nn.Module:
        return nn.Conv2d(before, after, g.kernel_size, padding="same")

    def doubled(before: int, after: int) -> list[nn.Module]:
        if g.upsampling == "resize":
            return [nn.Upsample(scale_factor=2), convolution(before, after)]
        padding = (g.kernel_size - 1) // 2
        rest = 2 + 2 * padding - g.kernel_size
        return [nn.ConvTranspose2d(before, after, g.kernel_size, 2, padding=padding, output_padding=rest)]

    sizes = [depth, *(channels(published, g.width) for published in (128, 64, 32))]
    dropout = nn.Dropout(g.dropout)
    first = faults.dropout_before_batch_norm
    network = nn.Sequential(
        *_latent_modules(settings, begun),
        nn.Linear(settings.latent.dimension, height * width * depth),
        *([dropout] if first else []),
        *normalised_relu(nn.BatchNorm1d, height * width * depth),
        nn.Unflatten(1, (depth, height, width)),
        *([] if first else [dropout]),
        *doubled(sizes[0], sizes[1]),
        *normalised_relu(nn.BatchNorm2d, sizes[1]),
        *doubled(sizes[1], sizes[2]),
        *normalised_relu(nn.BatchNorm2d, sizes[2]),
        convolution(sizes[2], sizes[3]),
        *normalised_relu(nn.BatchNorm2d, sizes[3]),
        convolution(sizes[3], shape[2]),
        *([nn.BatchNorm2d(shape[2], momentum=1 - g.batch_norm_momentum)] if faults.output_batch_norm else []),
        *([nn.ReLU()] if faults.output_relu else []),
        *_output(g.output_activation),
        *_image_modules(settings, begun, seed),
    )
    return network.apply(weights_init)


def build_discriminator(settings: Settings, shape: Shape) -> nn.Sequential:
    """Build D: images (n, channels, height, width) -> probability of being real, (n, 1).

    Args:
        settings: Width and layers.
        shape: Height, width and channels of an image.
    """
    d = settings.discriminator
    sizes = [shape[2], *(channels(published, d.width) for published in (64, 128, 256, 512))]
    stages = zip(sizes[:-1], sizes[1:], (2, 2, 2, 1), strict=True)
    features = nn.Sequential(
        *(layer for i, (before, after, stride) in enumerate(stages) for layer in _stage(d, before, after, stride, i)),
        nn.Flatten(),
    )
    with torch.no_grad():
        count = features.eval()(torch.zeros(1, shape[2], *shape[:2])).shape[1]
    network = nn.Sequential(*features.train(), nn.Linear(count, 1), *_output(d.output_activation))
    return network.apply(weights_init)


def weights_init(module: nn.Module) -> None:
    """Give a layer the weights that Keras starts it with: Glorot's uniform ones, and biases of 0."""
    if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def _stage(d: DiscriminatorSettings, before: int, after: int, stride: int, number: int) -> list[nn.Module]:
    """Return one of D's convolutions and the layers after it; max pooling, if set, replaces the stride."""
    pooled = stride > 1 and d.downsampling == "max_pooling"
    if stride == 1 or pooled:
        convolution = nn.Conv2d(before, after, d.kernel_size, padding="same")
    else:
        convolution = nn.Conv2d(before, after, d.kernel_size, stride, padding=(d.kernel_size - 1) // 2)
    norm = [nn.BatchNorm2d(after, momentum=1 - d.batch_norm_momentum)] if d.batch_norm and number else []
    return [
        convolution,
        *norm,
        nn.ReLU() if d.activation == "relu" else nn.LeakyReLU(d.leaky_relu_slope),
        *([nn.MaxPool2d(stride, ceil_mode=True)] if pooled else []),
        nn.Dropout(d.dropout),
    ]


def _output(activation: str) -> list[nn.Module]:
    return {"sigmoid": [nn.Sigmoid()], "tanh": [nn.Tanh()], "linear": []}[activation]


def _latent_modules(settings: Settings, begun: MakeBegun) -> list[nn.Module]:
    latent, faults = settings.latent, settings.faults
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.uniform(latent.low, latent.high, shape).astype(np.float32))

    added: list[Any] = []
    if faults.half_latents_collapsed.start is not None:
        added.append(CollapseHalf(begun(faults.half_latents_collapsed), drawn(latent.dimension)))
    if faults.ten_latents.start is not None:
        few = drawn(COLLAPSED_TO, latent.dimension)
        added.append(TenLatents(begun(faults.ten_latents), few, latent.low, latent.high))
    return added


def _image_modules(settings: Settings, begun: MakeBegun, seed: int) -> list[nn.Module]:
    noise, impulses = settings.faults.output_noise, settings.faults.salt_and_pepper
    added: list[Any] = []
    if noise.start is not None:
        added.append(OutputNoise(begun(noise), noise.sigma, seed))
    if impulses.start is not None:
        low, high = {"unit": (0.0, 1.0), "symmetric": (-1.0, 1.0), "bytes": (0.0, 255.0)}[settings.data.range]
        added.append(SaltAndPepper(begun(impulses), impulses.share, low, high, seed))
    return added
