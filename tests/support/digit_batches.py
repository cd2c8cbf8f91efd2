"""Batches of digits as a sick generator would make them, and the signals of a run whose probes show them."""

from __future__ import annotations

from functools import cache

import numpy as np

from gandoctor.measures import Reference, diversity_statistics, image_statistics
from support.recorded_runs import REAL_COUNT, SAMPLE_COUNT, digits, healthy

RNG = np.random.default_rng(0)


GRAIN = np.random.default_rng(0).standard_normal((SAMPLE_COUNT, 28, 28, 1)).astype(np.float32)


def clean() -> np.ndarray:
    return digits()[1000 : 1000 + SAMPLE_COUNT].astype(np.float32) / 255


def with_salt_and_pepper(share: float) -> np.ndarray:
    images, where = clean(), np.random.default_rng(0).random((SAMPLE_COUNT, 28, 28, 1))
    images[where < share / 2] = 0
    images[where > 1 - share / 2] = 1
    return images


def with_noise(sigma: float) -> np.ndarray:
    return clean() + sigma * np.random.default_rng(0).standard_normal((SAMPLE_COUNT, 28, 28, 1)).astype(np.float32)


def showing(images: np.ndarray, onset: int = 300) -> dict[str, dict[int, float]]:
    """A healthy run whose probes show `images` from `onset` on."""
    measured = image_statistics(images)
    base = healthy()
    return base | {
        name: {s: measured[name] if s >= onset else v for s, v in base[name].items()}
        for name in measured
        if name in base
    }


def few(support: int, jitter: float = 0.0) -> np.ndarray:
    images = clean()[np.random.default_rng(1).integers(0, support, SAMPLE_COUNT)]
    return (images + jitter * RNG.standard_normal(images.shape)).astype(np.float32)


@cache
def reference() -> Reference:
    """What the probes of a run on digits are compared with."""
    return Reference(digits()[:REAL_COUNT].astype(np.float32) / 255)


def showing_with_diversity(images: np.ndarray, onset: int = 400) -> dict[str, dict[int, float]]:
    measured = image_statistics(images) | diversity_statistics(images, reference())
    base = healthy()
    return base | {
        name: {s: measured[name] if s >= onset else v for s, v in base[name].items()}
        for name in measured
        if name in base
    }


def blank(brightness: float, grain: float = 0.0) -> np.ndarray:
    return brightness + grain * GRAIN


def showing_from(images: np.ndarray, onset: int = 400) -> dict[str, dict[int, float]]:
    """As `showing`; what cannot be measured on the images is absent from the onset on."""
    measured = image_statistics(images)
    absent = ("sample_autocorrelation", "sample_spectral_flatness", "sample_high_frequency")
    signals = showing(images, onset)
    return signals | {n: {s: v for s, v in signals[n].items() if s < onset} for n in absent if n not in measured}
