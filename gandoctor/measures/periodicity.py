"""Periodicity: whether a series goes round and round with one period, and whether another swings with it.

The share of the strongest period in the variance is Fisher's g (Tests of Significance in Harmonic Analysis, 1929), here
with a taper and its two neighbours, as a cycle's period rarely divides the length of the record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TREND = 3
"""Degree of the polynomial that counts as drift and is taken off first."""
BLOCK = 5
"""Steps that are averaged: what changes from step to step is noise of the batches, not a cycle."""
LEAST_POINTS = 40


@dataclass(frozen=True)
class Cycle:
    """The strongest period of a series.

    Attributes:
        period: In steps.
        share: Of the variance about the trend that it and its two neighbouring frequencies make up, 0..1.
    """

    period: float
    share: float


def strongest_cycle(steps: np.ndarray, values: np.ndarray, least_cycles: float) -> Cycle | None:
    """Return the strongest period that fits into the record at least so many times.

    Args:
        steps: Rising integers, (n,); gaps are filled by straight lines.
        values: Finite, (n,).
        least_cycles: Repetitions below which a swing is not told from drift; a random walk has swings of its own.

    Returns:
        None where the record is shorter than 200 steps or does not vary about its trend.
    """
    if len(steps) < 2:
        return None
    grid = np.arange(steps[0], steps[-1] + 1)
    count = len(grid) // BLOCK
    if count < LEAST_POINTS:
        return None
    series = np.interp(grid, steps, values)[: count * BLOCK].reshape(count, BLOCK).mean(axis=1)
    series = without_trend(np.arange(count, dtype=float), series)
    power = np.abs(np.fft.rfft(series * np.hanning(count))) ** 2
    power[0] = 0.0
    total = float(power.sum())
    if not total > 1e-12 * count * float(np.mean(np.square(values)) + 1e-30):
        return None
    first = int(np.ceil(least_cycles))
    if first >= len(power) - 1:
        return None
    best = first + int(np.argmax(power[first:-1]))
    window = slice(best - 1, best + 2)
    cycles = float(np.average(np.arange(best - 1, best + 2), weights=power[window]))
    return Cycle(count * BLOCK / cycles, float(power[window].sum()) / total)


def explained_share(steps: np.ndarray, values: np.ndarray, period: float) -> float | None:
    """Return which share of a series' variance about its trend a swing of that period explains, 0..1.

    Least squares of sine and cosine, corrected for the two that any series would give them (adjusted R^2).

    Args:
        steps: Where it was measured, (n,), evenly or not.
        values: Finite, (n,).
        period: In steps.

    Returns:
        None with fewer than 3 measurements a period or 12 in all, or where the series does not vary.
    """
    n = len(steps)
    if n < 12 or (steps[-1] - steps[0]) / (n - 1) > period / 3:
        return None
    rest = without_trend(steps.astype(float), values)
    total = float(np.sum(rest**2))
    if not total > 1e-12 * float(np.sum(np.square(values)) + 1e-30):
        return None
    angle = 2 * np.pi * steps / period
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    waves = np.stack([without_trend(steps.astype(float), wave) for wave in waves.T], axis=1)
    fitted = waves @ np.linalg.lstsq(waves, rest, rcond=None)[0]
    left = float(np.sum((rest - fitted) ** 2)) / total
    freedom = n - TREND - 1
    return max(0.0, 1.0 - left * freedom / (freedom - 2))


def without_trend(at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values less their least-squares polynomial of degree 3 in `at`."""
    width = float(at[-1] - at[0]) or 1.0
    scaled = 2.0 * (at - at[0]) / width - 1.0
    rest: np.ndarray = values - np.polynomial.Polynomial.fit(scaled, values, TREND, domain=[-1.0, 1.0])(scaled)
    return rest
