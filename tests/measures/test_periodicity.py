"""Periods against series whose period is known, and against noise that has none."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.measures.periodicity import explained_share, strongest_cycle, without_trend

STEPS = np.arange(300, 1150)


def wave(period: float, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    jitter = np.random.default_rng(seed).normal(0, noise, len(STEPS))
    result: np.ndarray = np.sin(2 * np.pi * STEPS / period + 0.7) + jitter
    return result


@pytest.mark.parametrize("period", [20.0, 47.0, 85.0, 130.0])
def test_a_pure_wave_is_found(period: float) -> None:
    cycle = strongest_cycle(STEPS, wave(period), 5)
    assert cycle is not None
    assert cycle.period == pytest.approx(period, rel=0.03)
    assert 0.95 < cycle.share <= 1


def test_drift_gaps_scale_and_noise_of_single_steps_do_not_hide_it() -> None:
    kept = np.random.default_rng(1).random(len(STEPS)) < 0.7
    drifting = 50 + 3e-3 * STEPS + 1e-8 * STEPS**3 + wave(85, noise=1.0)
    cycle = strongest_cycle(STEPS[kept], drifting[kept], 5)
    assert cycle is not None
    assert cycle.period == pytest.approx(85, rel=0.03)
    assert cycle.share > 0.5
    scaled = strongest_cycle(STEPS[kept], 1e-3 * drifting[kept], 5)
    assert scaled is not None
    assert scaled.share == pytest.approx(cycle.share)


@pytest.mark.parametrize("memory", [0.0, 0.9, 1.0])
def test_noise_and_random_walks_have_no_period(memory: float) -> None:
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(100):
        walk, value = np.empty(len(STEPS)), 0.0
        for i, push in enumerate(rng.standard_normal(len(STEPS))):
            value = memory * value + push
            walk[i] = value
        cycle = strongest_cycle(STEPS, walk, 5)
        assert cycle is not None
        shares.append(cycle.share)
    assert np.quantile(shares, 0.95) < 0.6


def test_a_period_that_fits_in_too_seldom_is_not_looked_for() -> None:
    slow = strongest_cycle(STEPS, wave(300), 5)
    assert slow is None or slow.share < 0.2
    assert strongest_cycle(STEPS[:150], wave(20)[:150], 5) is None


def test_a_constant_has_no_period() -> None:
    assert strongest_cycle(STEPS, np.full(len(STEPS), 0.693), 5) is None
    assert explained_share(STEPS, np.full(len(STEPS), 3.0), 85) is None
    assert strongest_cycle(STEPS[:0], np.array([]), 5) is None


def test_explained_share_of_waves_and_noise() -> None:
    probes = slice(None, None, 20)
    at = STEPS[probes]
    assert explained_share(at, wave(100)[probes] + 0.01 * at, 100) == pytest.approx(1.0, abs=1e-6)
    assert explained_share(at, wave(100, noise=0.7)[probes], 100) == pytest.approx(0.5, abs=0.25)
    assert explained_share(at, wave(100)[probes], 160) < 0.2  # type: ignore[operator]
    noise = [np.random.default_rng(seed).standard_normal(len(at)) for seed in range(200)]
    assert np.mean([explained_share(at, x, 100) for x in noise]) < 0.06  # type: ignore[arg-type]


def test_explained_share_needs_three_measurements_a_period() -> None:
    at = STEPS[::50]
    assert explained_share(at, wave(140)[::50], 140) is None
    assert explained_share(at, wave(160)[::50], 160) is not None
    assert explained_share(STEPS[::90], wave(400)[::90], 400) is None  # 10 measurements


def test_without_trend_against_numpys_polyfit() -> None:
    values = wave(100, noise=0.3)
    x = STEPS - STEPS.mean()
    assert without_trend(STEPS.astype(float), values) == pytest.approx(
        values - np.polyval(np.polyfit(x / 500, values, 3), x / 500), abs=1e-9
    )
