"""The null: every sample statistic where the "generated" images are real ones, at the run's batch size.

Fixed constants would only fit one data set. Here a run's own reals are split again and again into a batch
that plays the generator and a disjoint rest that plays the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from gandoctor.measures.columns import Columns, flat
from gandoctor.measures.digits import DigitSet, class_perplexity
from gandoctor.measures.diversity import MAX_REALS, RealDistances
from gandoctor.measures.embedding import RandomConvEmbedding
from gandoctor.measures.images import image_statistics, lone_pixel_share
from gandoctor.measures.kernel_distance import KernelDistance, Standardisation
from gandoctor.measures.missing import MIN_REALS as MIN_BINNED
from gandoctor.measures.missing import bins_of, missing_share
from gandoctor.measures.pixels import nearest, pixel_rows, squared_distances

if TYPE_CHECKING:
    from gandoctor.store import Run

RESAMPLES = 40
SEED = 0
DEFAULT_SAMPLE_COUNT = 128
"""Images a probe is taken to have used where the manifest does not say."""
DEFAULT_POOL_COUNT = 256
"""Images that successive probes are taken to have given together where the manifest does not say."""
SHEET_COUNT = 32
"""Images of a contact sheet, on which lone pixels are counted."""
MIN_REALS = 32
"""With fewer reals there is no null."""


@dataclass(frozen=True)
class Band:
    """One statistic over the resamples.

    Attributes:
        mean: Mean; std: standard deviation; low: smallest; high: largest of the resamples.
    """

    mean: float
    std: float
    low: float
    high: float


_RECENT: dict[tuple[bytes, int, int], dict[str, Band]] = {}
_RECENT_SIZE = 8


def null_bands(run: Run) -> dict[str, Band]:
    """Return the null of every sample statistic of a run, by signal name; runs on the same reals share it.

    Empty where the run stored fewer than 32 reals. Statistics that depend on the batch size (distances, duplicates,
    coverage) are left out where there are too few reals for a batch as large as the run's and a rest at least as
    large; so are those of the pool of several probes. Those of digits are left out where the reals look like none.
    """
    count = int(run.manifest.cadence.get("sample_count", DEFAULT_SAMPLE_COUNT))
    pool_count = int(run.manifest.cadence.get("pool_count", DEFAULT_POOL_COUNT))
    reals = run.reals
    if reals is None:
        reals = run.real_values
    if reals is None:
        return {}
    key = (blake2b(repr(reals.shape).encode() + reals.tobytes()).digest(), count, pool_count)
    if key not in _RECENT:
        while len(_RECENT) >= _RECENT_SIZE:
            del _RECENT[next(iter(_RECENT))]
        if reals.dtype == np.uint8:
            unit = reals.astype(np.float32) / 255.0
            _RECENT[key] = resampled_bands(unit, count, pool_count) | sheet_bands(unit)
        else:
            _RECENT[key] = column_bands(reals, count, pool_count)
    return _RECENT[key]


def sheet_bands(reals: np.ndarray, resamples: int = RESAMPLES) -> dict[str, Band]:
    """Return the band of `sample_lone_pixels`, which is measured on the images of one contact sheet.

    A share of pixels has the same mean over draws of images as over all of them, so that no draw is needed for it.

    Args:
        reals: As of `resampled_bands`, but all of them are used.
        resamples: How many draws of 32 images; the same ones every time.
    """
    if len(reals) < MIN_REALS or min(reals.shape[1:3]) < 8:
        return {}
    rng = np.random.default_rng(SEED)
    values = [lone_pixel_share(reals[rng.permutation(len(reals))[:SHEET_COUNT]]) for _ in range(resamples)]
    return {
        "sample_lone_pixels": Band(
            lone_pixel_share(reals), float(np.std(values)), float(np.min(values)), float(np.max(values))
        )
    }


def resampled_bands(reals: np.ndarray, count: int, pool_count: int = 0, resamples: int = RESAMPLES) -> dict[str, Band]:
    """Resample real against real.

    Args:
        reals: Floats in 0..1, (m, height, width, channels); the first 1024 are used.
        count: Images in a batch.
        pool_count: Images in the pool of several probes; 0 for no statistics of it.
        resamples: How many splits; the same ones every time.
    """
    if len(reals) < MIN_REALS or min(reals.shape[1:3]) < 8:
        return {}
    with threadpool_limits(1, "blas"):  # more take five times as long beside a training, and round otherwise
        return _bands(RealSplits(reals, count, pool_count), resamples)


def column_bands(reals: np.ndarray, count: int, pool_count: int = 0, resamples: int = RESAMPLES) -> dict[str, Band]:
    """Resample real vectors or series against real ones, as `resampled_bands` does images.

    Args:
        reals: Finite floats (m, c) or (m, T, C); the first 1024 are used.
        count: Examples in a batch.
        pool_count: Examples in the pool of several probes; 0 for no statistics of it.
        resamples: How many splits; the same ones every time.
    """
    if len(reals) < MIN_REALS:
        return {}
    reals = reals[:MAX_REALS]

    def compared(fakes: np.ndarray, rest: np.ndarray) -> dict[str, float]:
        return Columns(reals[rest]).statistics(reals[fakes])

    with threadpool_limits(1, "blas"):
        return _bands(RealSplits(Columns(reals).rows(reals), count, pool_count, flat, compared), resamples)


def _bands(splits: RealSplits, resamples: int) -> dict[str, Band]:
    rng = np.random.default_rng(SEED)
    values: dict[str, list[float]] = {}
    for _ in range(resamples):
        for name, value in splits.statistics(rng.permutation(splits.count)).items():
            values.setdefault(name, []).append(value)
    return {
        name: Band(float(np.mean(v)), float(np.std(v)), float(np.min(v)), float(np.max(v)))
        for name, v in values.items()
    }


class RealSplits:
    """Real images of which any can play the generated ones.

    Distances and features of all of them are computed once, with the functions that a monitor uses; a split only picks
    rows and columns.

    Args:
        reals: See `resampled_bands`; so for the counts.
        embedding: Features (n, d) for the kernel distance; None for the random convolutional embedding.
        own: Statistics of a batch beside the rest, given the positions of both; None for those of images.

    Attributes:
        count: Number of reals that are used.
    """

    def __init__(
        self,
        reals: np.ndarray,
        count: int,
        pool_count: int = 0,
        embedding: Callable[[np.ndarray], np.ndarray] | None = None,
        own: Callable[[np.ndarray, np.ndarray], dict[str, float]] | None = None,
    ) -> None:
        self._own = own
        self._reals = reals = np.asarray(reals[:MAX_REALS], dtype=np.float32)
        self.count = m = len(reals)
        self._batch = min(count, m // 2)
        self._comparable = self._batch == count and count >= 2
        self._pool = pool_count if 0 < pool_count <= m // 2 else 0
        self._pixels = pixel_rows(reals)
        digits = DigitSet.of(reals)
        self._probabilities = None if digits is None else digits.probabilities
        self._features: dict[str, np.ndarray] = {}
        self._squared = squared_distances(self._pixels, self._pixels)
        if self._comparable:
            # In the units of the monitor: standardised by all reals.
            features = (embedding or RandomConvEmbedding(reals.shape[1:]))(reals)
            self._features["sample_kid"] = Standardisation(features)(features)
            if digits is not None:
                self._features["sample_class_kid"] = digits.features

    def statistics(self, order: np.ndarray) -> dict[str, float]:
        """Measure the first reals of an order, a permutation of all, against the rest."""
        fakes, rest = order[: self._batch], order[self._batch :]
        found = image_statistics(self._reals[fakes]) if self._own is None else self._own(fakes, rest)
        if self._comparable:
            found |= RealDistances.of(self._squared[np.ix_(rest, rest)]).statistics(
                among=self._squared[np.ix_(fakes, fakes)], to_reals=self._squared[np.ix_(fakes, rest)]
            )
        for name, features in self._features.items():
            found[name] = KernelDistance(features[rest])(features[fakes])
        return found | self._pooled(order[: self._pool], order[self._pool :])

    def _pooled(self, pool: np.ndarray, rest: np.ndarray) -> dict[str, float]:
        found: dict[str, float] = {}
        if not len(pool):
            return found
        if self._probabilities is not None:
            found["sample_class_perplexity"] = class_perplexity(self._probabilities[pool])
        if len(rest) >= MIN_BINNED:
            centres, shares = bins_of(self._pixels[rest], self._squared[np.ix_(rest, rest)])
            found["sample_missing_share"] = missing_share(nearest(self._pixels[pool], centres), shares)
        return found
