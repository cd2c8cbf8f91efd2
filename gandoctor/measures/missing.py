"""Missing modes without labels: regions of the real data in which hardly any generated image falls.

The bins of NDB (Richardson and Weiss, On GANs and GMMs, 2018), asked for absence instead of difference: a generator
may weigh regions differently and still have all of them.
"""

from __future__ import annotations

import numpy as np

from gandoctor.measures.images import within_bound
from gandoctor.measures.pixels import nearest, pixel_rows, squared_distances

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
        if len(reals) < MIN_REALS:
            raise ValueError(f"Bins need at least {MIN_REALS} real images, got {len(reals)}.")
        rows = pixel_rows(np.asarray(reals, dtype=np.float32))
        self._centres, self.shares = bins_of(rows, squared_distances(rows, rows))

    def bins(self, images: np.ndarray) -> np.ndarray:
        """Return the bin of every one of finite images (n, height, width, channels), as integers (n,)."""
        x = within_bound(np.asarray(images, dtype=np.float32))
        return nearest(pixel_rows(x), self._centres)


def bins_of(rows: np.ndarray, squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut real images into bins; the same ones at every call and on every machine.

    Args:
        rows: `pixel_rows` (m, pixels) of the images.
        squared: `squared_distances` (m, m) among them.

    Returns:
        The bins' centres, `pixel_rows` (bins, pixels), and the share of the images in each.
    """
    count = max(1, min(BINS, len(rows) // REALS_A_BIN))
    members = np.eye(len(rows))[:, _spread_out(squared, count)]
    for _ in range(ROUNDS):
        # A point's squared distance to a mean is its mean one to the members, less half of the mean one among them.
        sizes, to_members = members.sum(axis=0), squared @ members
        among = np.einsum("ij,ij->j", members, to_members)
        moved = np.eye(count)[(to_members / sizes - among / (2 * sizes**2)).argmin(axis=1)]
        # An empty bin stays where it was: it has no real share, so nothing can be missing there.
        moved = np.where(moved.any(axis=0), moved, members)
        if np.array_equal(moved, members):
            break
        members = moved
    centres = np.rint(members.T @ rows / members.sum(axis=0)[:, None])
    return centres, np.bincount(nearest(rows, centres), minlength=count) / len(rows)


def _spread_out(squared: np.ndarray, count: int) -> list[int]:
    """First centres by k-means++ (Arthur and Vassilvitskii, 2007): each drawn by its squared distance to the others."""
    rng = np.random.default_rng(SEED)
    chosen = [int(rng.integers(len(squared)))]
    away = squared[chosen[0]]
    while len(chosen) < count:
        total = away.sum()
        # Of points that are all alike, any will do.
        chosen.append(int(rng.choice(len(squared), p=away / total if total > 0 else None)))
        away = np.minimum(away, squared[chosen[-1]])
    return chosen


def missing_share(bins: np.ndarray, shares: np.ndarray) -> float:
    """Return the share of the real data that lies in bins the generated images miss.

    A bin is missing if its generated share is below a quarter of its real share and so few images in it have a chance
    below 0.001 (binomial) where the real share is the truth.

    Args:
        bins: Integers (n,): the bin of each generated image.
        shares: Floats (bins,): the real share of each bin.
    """
    from scipy.special import bdtr  # the binomial distribution function; imported late to list the rules without scipy

    counts = np.bincount(bins, minlength=len(shares))
    rare = counts < RARE * len(bins) * shares
    unlikely = bdtr(counts, len(bins), shares) < SIGNIFICANCE
    return float(shares[rare & unlikely].sum())
