"""The null: every sample statistic where the "generated" images are real ones, at the run's batch size.

Fixed constants would only fit one data set. Here a run's own reals are split again and again into a batch
that plays the generator and a disjoint rest that plays the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from gandoctor.measures.digits import DigitSet, class_perplexity
from gandoctor.measures.diversity import (
    MAX_REALS,
    RealDistances,
    cubic_kernel,
    flatten_pixels,
    kernel_distance,
    mean_of_pairs,
    squared_distances,
)
from gandoctor.measures.embedding import RandomConvEmbedding
from gandoctor.measures.images import image_statistics, lone_pixel_share
from gandoctor.measures.missing import MIN_REALS as MIN_BINNED
from gandoctor.measures.missing import bins_of, missing_share, nearest
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
        return {}
    key = (blake2b(repr(reals.shape).encode() + reals.tobytes()).digest(), count, pool_count)
    if key not in _RECENT:
        while len(_RECENT) >= _RECENT_SIZE:
            del _RECENT[next(iter(_RECENT))]
        unit = reals.astype(np.float32) / 255.0
        _RECENT[key] = resampled_bands(unit, count, pool_count) | sheet_bands(unit)
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
    reals = reals[:MAX_REALS]
    m = len(reals)
    if m < MIN_REALS or min(reals.shape[1:3]) < 8:
        return {}
    batch = min(count, m // 2)
    # Distances and kernels of all reals once; every resample only picks rows and columns.
    compare = batch == count and batch >= 2
    flat = flatten_pixels(reals)
    centred = flat - flat.mean(axis=0)
    squared = squared_distances(centred, centred)
    kernel = cubic_kernel(RandomConvEmbedding(reals).real_features)
    digits = DigitSet.of(reals)
    class_kernel = None if digits is None or not compare else cubic_kernel(digits.features)
    probabilities = None if digits is None else digits.classifier.probabilities(reals)
    rng = np.random.default_rng(SEED)
    values: dict[str, list[float]] = {}
    for _ in range(resamples):
        order = rng.permutation(m)
        fakes, rest = order[:batch], order[batch:]
        statistics = image_statistics(reals[fakes])
        if compare:
            statistics |= RealDistances.of(squared[np.ix_(rest, rest)], kernel[np.ix_(rest, rest)]).statistics(
                among=squared[np.ix_(fakes, fakes)],
                to_reals=squared[np.ix_(fakes, rest)],
                kernel_among=kernel[np.ix_(fakes, fakes)],
                kernel_to_reals=kernel[np.ix_(fakes, rest)],
            )
        if class_kernel is not None:
            statistics["sample_class_kid"] = kernel_distance(
                class_kernel[np.ix_(fakes, fakes)],
                class_kernel[np.ix_(fakes, rest)],
                mean_of_pairs(class_kernel[np.ix_(rest, rest)]),
            )
        if 0 < pool_count <= m // 2:
            pool, others = order[:pool_count], order[pool_count:]
            if probabilities is not None:
                statistics["sample_class_perplexity"] = class_perplexity(probabilities[pool])
            if len(others) >= MIN_BINNED:
                centres, shares = bins_of(centred[others])
                statistics["sample_missing_share"] = missing_share(nearest(centred[pool], centres), shares)
        for name, value in statistics.items():
            values.setdefault(name, []).append(value)
    return {
        name: Band(float(np.mean(v)), float(np.std(v)), float(np.min(v)), float(np.max(v)))
        for name, v in values.items()
    }
