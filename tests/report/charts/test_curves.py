"""Curves are made light without losing an extreme or a step that is not finite."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gandoctor.report.charts.curves import POINTS, STRETCHES, axis_range, thin
from gandoctor.report.languages.language import language

EN = language("en")


def series(values: np.ndarray | list[float], name: str = "d_loss") -> pd.Series[float]:
    return pd.Series(np.asarray(values, float), index=pd.RangeIndex(1, len(values) + 1, name="step"), name=name)


def test_short_signal_is_kept_whole() -> None:
    curve = thin(series([3.0, 1.0, 2.0]), EN)
    assert curve.steps.tolist() == [1, 2, 3]
    assert curve.values.tolist() == [3.0, 1.0, 2.0]
    assert curve.words == (
        "d_loss starts at 3 (step 1) and ends at 2 (step 3); lowest 1 at step 2, highest 3 at step 1."
    )


@settings(max_examples=50)
@given(st.integers(0, 99_999), st.sampled_from([1e6, -1e6]))
def test_a_spike_of_one_step_is_never_lost(at: int, size: float) -> None:
    values = np.random.default_rng(0).standard_normal(100_000)
    values[at] = size
    # The neighbour is extreme the other way: triangles would keep only one of the two.
    values[at - 1] = -size
    curve = thin(series(values), EN)
    assert size in curve.values
    assert -size in curve.values
    assert len(curve.values) <= POINTS + 2


def test_first_and_last_step_are_kept() -> None:
    curve = thin(series(np.sin(np.arange(50_000))), EN)
    assert (curve.steps[0], curve.steps[-1]) == (1, 50_000)
    assert (np.diff(curve.steps) > 0).all()


def test_every_non_finite_step_is_told_and_breaks_the_line() -> None:
    values = np.ones(100_000)
    values[[500, 501, 70_000]] = [np.nan, np.inf, -np.inf]
    curve = thin(series(values), EN)
    assert [(s.first, s.last, s.count, s.kind) for s in curve.stretches] == [
        (501, 502, 2, "not finite"),
        (70_001, 70_001, 1, "not finite"),
    ]
    assert curve.steps[np.isnan(curve.values)].tolist() == [501, 70_001]
    assert "not finite (NaN or infinite) at 3 recorded steps, first at step 501" in curve.words


def test_many_stretches_are_merged_not_dropped() -> None:
    values = np.ones(10_000)
    values[::3] = np.nan
    curve = thin(series(values), EN)
    assert len(curve.stretches) <= STRETCHES
    assert sum(s.count for s in curve.stretches) == np.isnan(values).sum()


def test_zeros_on_a_logarithmic_axis_are_told() -> None:
    curve = thin(series([1.0, 0.0, 0.0, 10.0], "g_grad_norm"), EN, log=True)
    assert [(s.first, s.last, s.kind) for s in curve.stretches] == [(2, 3, "zero")]
    assert curve.values[np.isfinite(curve.values)].tolist() == [1.0, 10.0]


@pytest.mark.parametrize("values", [[], [np.nan] * 5, [np.inf]])
@pytest.mark.parametrize("log", [False, True])
def test_nothing_to_draw_is_not_an_error(values: list[float], log: bool) -> None:
    curve = thin(series(values), EN, log)
    assert not np.isfinite(curve.values).any()
    assert axis_range([curve], [], log) == (-1.0, 1.0)


def test_axis_shows_the_bulk_and_what_must_be_seen() -> None:
    values = np.linspace(0, 1, 1000)
    values[500] = 1e30
    low, high = axis_range([thin(series(values), EN)], [3.0], log=False)
    assert low < 0.0
    assert 3.0 < high < 100


def test_axis_keeps_extremes_that_do_not_hide_the_rest() -> None:
    values = np.linspace(0, 1, 1000)
    values[500] = 8.0
    assert axis_range([thin(series(values), EN)], [], log=False)[1] > 8.0


@settings(max_examples=50)
@given(st.lists(st.floats(), max_size=30), st.lists(st.floats(), max_size=3), st.booleans())
def test_axis_is_always_finite_and_rising(values: list[float], extra: list[float], log: bool) -> None:
    low, high = axis_range([thin(series(values), EN, log)], extra, log)
    assert np.isfinite([low, high]).all()
    assert low < high
