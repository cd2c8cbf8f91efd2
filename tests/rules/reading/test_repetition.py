"""Batches told from one another by mean and spread."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gandoctor.rules.reading.repetition import few_batches, longest_stretch, repeated_stretch, same_as_before
from support.recorded_runs import digits

ROUNDING = 1e-6


def statistics(batches: list[np.ndarray]) -> tuple[pd.Series, pd.Series]:
    """Mean and spread as they are recorded: float32 arithmetic."""
    index = pd.RangeIndex(1, len(batches) + 1)
    mean = pd.Series([float(b.mean(dtype=np.float32)) for b in batches], index=index)
    spread = pd.Series([float(b.std(axis=0, dtype=np.float32).mean(dtype=np.float32)) for b in batches], index=index)
    return mean, spread


@pytest.mark.parametrize("count", [16, 64, 256])
@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (2, -1), (255, 0)])
def test_another_order_is_the_same_batch_and_another_batch_is_not(count: int, scale: float, shift: float) -> None:
    rng = np.random.default_rng(count)
    images = digits().astype(np.float32) / 255 * np.float32(scale) + np.float32(shift)
    shuffled = statistics([images[rng.permutation(count)] for _ in range(40)])
    assert same_as_before(*shuffled, ROUNDING).iloc[1:].all()
    fresh = statistics([images[rng.choice(len(images), count, replace=False)] for _ in range(200)])
    assert not same_as_before(*fresh, ROUNDING).any()
    assert few_batches(*fresh, ROUNDING, window=200, most=16) is None


def test_fresh_latents_never_repeat_however_long_the_run() -> None:
    rng = np.random.default_rng(0)
    mean = pd.Series(rng.normal(0, 0.57 / 2000, 50_000))  # of batches of 40,000 numbers
    spread = pd.Series(rng.normal(0.57, 0.57 / 3000, 50_000))
    assert repeated_stretch(mean, spread, ROUNDING, least=2) is None
    assert few_batches(mean, spread, ROUNDING, window=200, most=16) is None


def test_repeated_stretch_begins_with_the_batch_that_is_repeated() -> None:
    rng = np.random.default_rng(0)
    mean = pd.Series(rng.normal(size=100), index=range(1, 101))
    spread = pd.Series(rng.normal(1, 0.1, size=100), index=range(1, 101))
    mean.loc[31:50], spread.loc[31:50] = 0.25, 0.6
    found = repeated_stretch(mean, spread, ROUNDING, least=10)
    assert found is not None
    assert (found.first_step, found.last_step, found.count, found.ongoing) == (31, 50, 20, False)
    assert str(found.ending) == "It ended after step 50."
    assert repeated_stretch(mean, spread, ROUNDING, least=21) is None


def test_each_batch_twice_is_no_repetition() -> None:
    mean = pd.Series(np.repeat(np.random.default_rng(0).normal(size=200), 2))
    assert repeated_stretch(mean, mean.abs() + 1, ROUNDING, least=3) is None


@pytest.mark.parametrize(("distinct", "told"), [(1, False), (2, True), (16, True), (17, False)])
def test_a_few_batches_are_counted(distinct: int, told: bool) -> None:
    values = pd.Series(np.resize(np.linspace(0.1, 0.2, distinct), 500), index=range(1, 501))
    found = few_batches(values, values + 0.3, ROUNDING, window=200, most=16)
    assert (found is not None) is told
    if found is not None:
        assert found[1] == distinct
        assert (found[0].first_step, found[0].last_step, found[0].ongoing) == (1, 500, True)


def test_longest_stretch_prefers_the_ongoing_one() -> None:
    holds = pd.Series([True] * 5 + [False] + [True] * 3, index=range(1, 10))
    found = longest_stretch(holds, least=2)
    assert found is not None
    assert (found.first_step, found.ongoing) == (7, True)
    assert longest_stretch(holds, least=4).first_step == 1  # type: ignore[union-attr]
    assert longest_stretch(holds, least=6) is None
