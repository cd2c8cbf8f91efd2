"""Missing modes without labels: regions of the real data in which hardly any generated image falls.

The bins of NDB (Richardson and Weiss, On GANs and GMMs, 2018), asked for absence instead of difference: a generator
may weigh regions differently and still have all of them.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import binom

from gandoctor.measures.diversity import flatten_pixels, squared_distances
from gandoctor.measures.images import within_bound

BINS = 30
"""More see a missing digit better and need more images each. Of 512 digits against 256 images of 5 of the 10 digits, 30
bins call 0.15 of the reals missing (median of 40 draws, always some), 20 bins 0.16 (once nothing), 10 bins 0.12 (8
times nothing); against 256 images of all digits at most 0.03, 0.08 and 0.09. In the random convolutional embedding 30
bins call 0.12 missing."""
REALS_A_BIN = 16
"""Reals that a bin holds on average at least, so that its share is known well enough."""
MIN_REALS = 64
"""With fewer, nothing is measured."""
RARE = 0.25
"""Generated share below this part of the real share: a region is missing and not only rarer."""
SIGNIFICANCE = 0.001
"""Chance of so few images in a bin, were its generated share the real one."""
ROUNDS = 20
SEED = 0
SPACE = "pixels, averaged down to at most 32 a side"


class RealBins:
    """The real images cut into regions by k-means in pixel space (of images averaged down to at most 32 a side).

    Args:
        reals: Floats in 0..1 of the data's range, (m, height, width, channels), m at least 64.

    Attributes:
        shares: Share of the reals in each bin.

    Raises:
        ValueError: There are fewer than 64 reals.
    """

    def __init__(self, reals: np.ndarray) -> None:
        flat = flatten_pixels(np.asarray(reals, dtype=np.float32))
        if len(flat) < MIN_REALS:
            raise ValueError(f"Bins need at least {MIN_REALS} real images, got {len(flat)}.")
        self._mean = flat.mean(axis=0)  # centred: squared norms stay small and lose less to rounding
        self._centres, self.shares = bins_of(flat - self._mean)

    def bins(self, images: np.ndarray) -> np.ndarray:
        """Return the bin of every one of finite images (n, height, width, channels), as integers (n,)."""
        x = within_bound(np.asarray(images, dtype=np.float32))
        return nearest(flatten_pixels(x) - self._mean, self._centres)


def bins_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the bins of points (m, d) and the share of the points in each; the same at every call."""
    count = max(1, min(BINS, len(points) // REALS_A_BIN))
    centres = _spread_out(points, count)
    for _ in range(ROUNDS):
        members = np.eye(count, dtype=points.dtype)[nearest(points, centres)]
        sizes = members.sum(axis=0)[:, None]
        # An empty bin keeps its centre: it has no real share, so nothing can be missing there.
        moved = np.where(sizes > 0, members.T @ points / np.maximum(sizes, 1), centres)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return centres, np.bincount(nearest(points, centres), minlength=count) / len(points)


def _spread_out(points: np.ndarray, count: int) -> np.ndarray:
    """First centres by k-means++ (Arthur and Vassilvitskii, 2007): each drawn by its squared distance to the others."""
    rng = np.random.default_rng(SEED)
    chosen = [int(rng.integers(len(points)))]
    away = squared_distances(points, points[chosen])[:, 0].astype(np.float64)
    while len(chosen) < count:
        total = away.sum()
        # Of points that are all alike, any will do.
        chosen.append(int(rng.choice(len(points), p=away / total if total > 0 else None)))
        away = np.minimum(away, squared_distances(points, points[chosen[-1:]])[:, 0])
    return points[chosen]


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the index of each point's nearest centre."""
    found: np.ndarray = squared_distances(points, centres).argmin(axis=1)
    return found


def missing_share(bins: np.ndarray, shares: np.ndarray) -> float:
    """Return the share of the real data that lies in bins the generated images miss.

    A bin is missing if its generated share is below a quarter of its real share and so few images in it have a chance
    below 0.001 (binomial) where the real share is the truth.

    Args:
        bins: Integers (n,): the bin of each generated image.
        shares: Floats (bins,): the real share of each bin.
    """
    counts = np.bincount(bins, minlength=len(shares))
    rare = counts < RARE * len(bins) * shares
    unlikely = binom.cdf(counts, len(bins), shares) < SIGNIFICANCE
    return float(shares[rare & unlikely].sum())
