"""The grid behind a heat map: few columns, no extreme and no NaN lost, against a plain loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandoctor.report.charts.grid import grid_of

VALUE = st.floats(-5, 5) | st.sampled_from([np.nan, np.inf, -np.inf])
SERIES = st.dictionaries(st.integers(0, 60), VALUE, min_size=1, max_size=40)


def series(values: dict[int, float]) -> pd.Series[float]:
    steps = sorted(values)
    return pd.Series([values[s] for s in steps], index=pd.Index(steps), dtype=np.float64)


@given(st.lists(SERIES, min_size=1, max_size=3), st.integers(1, 8))
def test_each_cell_holds_the_largest_of_its_steps(rows: list[dict[int, float]], columns: int) -> None:
    grid = grid_of({str(i): series(row) for i, row in enumerate(rows)}, columns)
    steps = sorted(set().union(*rows))
    assert grid.values.shape == (len(rows), min(columns, len(steps)))
    assert (np.diff(grid.edges) > 0).all()
    assert grid.edges[0] < steps[0] <= steps[-1] < grid.edges[-1]
    for i, row in enumerate(rows):
        for j, (low, high) in enumerate(zip(grid.edges[:-1], grid.edges[1:], strict=True)):
            inside = {s: v for s, v in row.items() if low < s < high}
            finite = {s: v for s, v in inside.items() if np.isfinite(v)}
            assert grid.lost[i, j] == (len(finite) < len(inside))
            if finite:
                largest = max(finite.values())
                assert grid.values[i, j] == largest
                assert grid.at[i, j] == min(s for s, v in finite.items() if v == largest)
            else:
                assert np.isnan(grid.values[i, j])
                assert not inside or grid.at[i, j] == min(inside)


def test_one_spike_and_one_nan_in_a_long_run_stay() -> None:
    values = np.full(100_000, 0.1)
    values[12_345], values[77_777] = 9.0, np.nan
    grid = grid_of({"dense": pd.Series(values, index=np.arange(100_000) * 10)})
    assert grid.values.shape == (1, 200)
    assert grid.values.max() == 9
    assert grid.at[grid.values == 9].tolist() == [123_450]
    assert grid.lost.sum() == 1
    column = int(np.flatnonzero(grid.lost)[0])
    assert grid.edges[column] < 777_770 < grid.edges[column + 1]


def test_steps_are_as_wide_as_they_are_apart() -> None:
    grid = grid_of({"a": series({10: 1, 20: 2, 30: 3, 50: 4})})
    assert grid.edges.tolist() == [5, 15, 25, 40, 60]
    assert grid.centres == pytest.approx([10, 20, 32.5, 50])
    assert grid_of({"a": series({7: 1})}).edges.tolist() == [6.5, 7.5]
