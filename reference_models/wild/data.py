"""Data of the programs: digits, points, tables, series and sentences; and what a program prints of its end."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reference_models.datasets import load_images

Floats = NDArray[np.float32]
DIRECTIONS = 64
"""Number of random directions along which samples and reals are compared."""


def digits(count: int = 3000, low: float = -1.0, high: float = 1.0) -> tuple[Floats, NDArray[Any]]:
    """Return the first embedded digits, (count, 28, 28, 1) on [low, high], and which digit each shows, (count,)."""
    images = load_images()
    assert images.digits is not None
    pixels = images.pixels[:count] / 255 * (high - low) + low
    return pixels.astype(np.float32), images.digits[:count].astype(np.int32)


def ring(count: int = 4000, modes: int = 8) -> tuple[Floats, NDArray[Any]]:
    """Return points of a mixture of normal laws on a circle, (count, 2), and the mode of each, (count,)."""
    rng = np.random.default_rng(0)
    mode = rng.integers(0, modes, count)
    angle = 2 * np.pi * mode / modes
    points = np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.05, (count, 2))
    return points.astype(np.float32), mode.astype(np.int32)


def people(count: int = 4000) -> Floats:
    """Return a table, (count, 6): age, income, interest, children, home, debt; three groups, in their own units."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 3, count)
    age = np.array([25, 45, 70])[group] + rng.normal(0, 4, count)
    income = np.array([2.2e4, 6e4, 3.5e4])[group] * np.exp(rng.normal(0, 0.2, count))
    interest = np.array([0.02, 0.05, 0.01])[group] + rng.normal(0, 0.004, count)
    children = rng.poisson(np.array([0.2, 2.0, 2.5])[group])
    home = rng.random(count) < np.array([0.1, 0.7, 0.8])[group]
    return np.stack([age, income, interest, children, home, income * interest], 1).astype(np.float32)


def standardised(table: Floats) -> Floats:
    """Return a table with columns of mean 0 and standard deviation 1."""
    scaled: Floats = (table - table.mean(0)) / table.std(0)
    return scaled


def waves(count: int = 4000, length: int = 32, ordered: bool = False) -> Floats:
    """Return series of one sine each, (count, length, 1) on [-1, 1]; `ordered` sorts them by frequency."""
    rng = np.random.default_rng(0)
    frequency = rng.choice([1.0, 2.0, 4.0], (count, 1))
    if ordered:
        frequency = np.sort(frequency, axis=0)
    time = np.linspace(0, 1, length, endpoint=False)[None]
    series = rng.uniform(0.5, 0.9, (count, 1)) * np.sin(
        2 * np.pi * (frequency * time + rng.uniform(0, 1, (count, 1)))
    ) + rng.normal(0, 0.03, (count, length))
    return series[..., None].astype(np.float32)


def tones(count: int = 3000, length: int = 64) -> Floats:
    """Return frames of decaying tones as 16-bit sound, (count, length, 1) on -32768..32767."""
    rng = np.random.default_rng(0)
    time = np.arange(length)[None]
    tone = np.sin(2 * np.pi * time * rng.uniform(0.03, 0.12, (count, 1)) + rng.uniform(0, 6.28, (count, 1)))
    frames = tone * np.exp(-time / rng.uniform(20, 60, (count, 1))) * rng.uniform(4000, 12000, (count, 1))
    return np.round(frames)[..., None].astype(np.float32)


def sentences(count: int = 4000, length: int = 10, words: int = 12) -> Floats:
    """Return sentences that count upwards by one or two, as one-hot words, (count, length, words)."""
    rng = np.random.default_rng(0)
    start, step = rng.integers(0, words, (count, 1)), rng.integers(1, 3, (count, 1))
    word = (start + step * np.arange(length)[None]) % words
    chosen: Floats = np.eye(words, dtype=np.float32)[word]
    return chosen


def ending(samples: Any, reals: Any, **numbers: Any) -> None:
    """Print as one line what became of a training, measured without gandoctor.

    Args:
        samples: Generated samples, (n, ...).
        reals: Real data of the same shape but for n.
        numbers: What else to print: last losses, for example.

    It prints `spread`, the mean over values of the standard deviation among samples divided by that among reals (1 is
    right, 0 is a single sample); and `distance`, the sliced Wasserstein distance of samples and reals divided by that
    of two halves of the reals (about 1 is right). None where a sample is not finite.
    """
    fake = np.asarray(samples, np.float64).reshape(len(samples), -1)
    real = np.asarray(reals, np.float64).reshape(len(reals), -1)
    end: dict[str, Any] = {"spread": None, "distance": None}
    if np.isfinite(fake).all():
        varies = real.std(0) > 0.05 * real.std(0).max()
        end["spread"] = round(float(np.mean(fake.std(0)[varies] / real.std(0)[varies])), 3)
        half = min(len(fake), len(real) // 2)
        own = _sliced(real[:half], real[half : 2 * half])
        end["distance"] = round(_sliced(fake[:half], real[:half]) / own, 1)
    end |= {name: round(float(value), 4) for name, value in numbers.items()}
    print("ENDING", json.dumps(end), flush=True)


def _sliced(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the mean distance of sorted projections on random directions, columns weighed by their own spread."""
    scale = np.maximum(other.std(0), 0.05 * other.std(0).max())
    directions = np.random.default_rng(0).normal(size=(one.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    apart = np.sort((one / scale) @ directions, axis=0) - np.sort((other / scale) @ directions, axis=0)
    return float(np.abs(apart).mean())
