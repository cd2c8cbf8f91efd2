"""The distribution that training draws its latents from, inferred from the latents themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

LATENTS_WANTED = 2000
"""Numbers that must have been seen before a distribution is inferred."""

Law = Literal["normal"] | tuple[float, float]
"""Standard normal, or uniform between two bounds."""


@dataclass
class LatentMoments:
    """What has been seen of the latents so far."""

    count: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, latents: np.ndarray) -> None:
        """Take in more of them."""
        z = latents.astype(np.float64)
        self.count += z.size
        self.total += float(z.sum())
        self.squares += float((z * z).sum())
        self.low, self.high = min(self.low, float(z.min())), max(self.high, float(z.max()))

    @property
    def mean(self) -> float:
        """Mean of all numbers seen."""
        return self.total / self.count

    @property
    def std(self) -> float:
        """Their standard deviation."""
        return math.sqrt(max(0.0, self.squares / self.count - self.mean * self.mean))

    def law(self) -> Law | None:
        """Return the distribution they fit; None where they fit none."""
        return law_of(self.count, self.mean, self.std, self.low, self.high)


def law_of(count: float, mean: float, std: float, low: float, high: float) -> Law | None:
    """Return "normal", the bounds of a uniform law, or None; a law must fit within 6 standard errors."""
    error = 6.0 / math.sqrt(count)
    if abs(mean) < error and abs(std - 1.0) < error and high > 2.0:
        return "normal"
    for bounds in ((-1.0, 1.0), (0.0, 1.0)):
        width = bounds[1] - bounds[0]
        spread = width / math.sqrt(12.0)
        inside = bounds[0] <= low <= bounds[0] + 0.05 * width and bounds[1] - 0.05 * width <= high <= bounds[1]
        if inside and abs(mean - sum(bounds) / 2) < error * spread and abs(std - spread) < error * spread:
            return bounds
    return None
