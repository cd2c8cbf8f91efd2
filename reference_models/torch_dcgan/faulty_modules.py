"""Modules of the faults; each asks the step counter of training, so that it can begin mid-run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Begun = Callable[[], bool]
"""Tells whether the fault acts in the step under way."""


class CollapseHalf(nn.Module):
    """Replaces every z that has a positive first coordinate with one fixed z, (dimension,)."""

    def __init__(self, begun: Begun, fixed: torch.Tensor) -> None:
        super().__init__()
        self._begun = begun
        self.register_buffer("fixed", fixed)

    def forward(self, z: torch.Tensor) -> Any:
        """Return z, (n, dimension), with about half of its rows replaced."""
        return torch.where(z[:, :1] > 0, self.fixed, z) if self._begun() else z


class TenLatents(nn.Module):
    """Replaces every z with one of a few fixed ones, chosen by its first coordinate.

    Args:
        begun: See `Begun`.
        fixed: The latents that remain, (k, dimension).
        low: Smallest value of a coordinate.
        high: Largest value of a coordinate.
    """

    def __init__(self, begun: Begun, fixed: torch.Tensor, low: float, high: float) -> None:
        super().__init__()
        self._begun, self._low, self._high = begun, low, high
        self.register_buffer("fixed", fixed)

    def forward(self, z: torch.Tensor) -> Any:
        """Return z, (n, dimension), with all rows replaced."""
        if not self._begun():
            return z
        fixed = self.get_buffer("fixed")
        place = (z[:, 0] - self._low) / max(self._high - self._low, 1e-12)
        return fixed[(place * len(fixed)).floor().long().clamp(0, len(fixed) - 1)]


class OutputNoise(nn.Module):
    """Adds Gaussian noise in training and in inference.

    Args:
        begun: See `Begun`.
        sigma: Standard deviation, in the units of the images.
        seed: Seed of the module's own random state; it does not use the global one.
    """

    def __init__(self, begun: Begun, sigma: float, seed: int) -> None:
        super().__init__()
        self._begun, self._sigma = begun, sigma
        self._random = torch.Generator().manual_seed(seed)

    def forward(self, images: torch.Tensor) -> Any:
        """Return images, (n, channels, height, width), with noise."""
        if not self._begun():
            return images
        return images + self._sigma * torch.randn(images.shape, generator=self._random)


class SaltAndPepper(nn.Module):
    """Sets single pixels to the lowest or highest value, in training and in inference.

    Args:
        begun: See `Begun`.
        share: Share of pixels to set, half of them to each value.
        low: The lowest value.
        high: The highest value.
        seed: Seed of the module's own random state; it does not use the global one.
    """

    def __init__(self, begun: Begun, share: float, low: float, high: float, seed: int) -> None:
        super().__init__()
        self._begun, self._share, self._low, self._high = begun, share, low, high
        self._random = torch.Generator().manual_seed(seed)

    def forward(self, images: torch.Tensor) -> Any:
        """Return images, (n, channels, height, width), with all channels of some pixels replaced."""
        if not self._begun():
            return images
        n, _, height, width = images.shape
        chance = torch.rand((n, 1, height, width), generator=self._random)
        salted = torch.where(chance < self._share / 2, self._high, images)
        return torch.where((chance >= self._share / 2) & (chance < self._share), self._low, salted)
