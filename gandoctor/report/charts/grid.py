"""Reduces a family of signals to a grid of members by steps for a heat map; keeps every extreme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

COLUMNS = 200
"""More steps than this share a column: on a wide screen a column is then 3 pixels wide."""


@dataclass(frozen=True)
class Grid:
    """The members' values over stretches of steps, one stretch a column.

    Attributes:
        members: Rows, in drawing order.
        edges: float64 (columns + 1,), the steps at which columns meet, halfway between the recorded ones.
        values: float64 (members, columns), the largest finite value of a stretch; NaN where there is none.
        at: int64 (members, columns), its step; of a stretch without a finite value, the first one that is not finite.
        lost: bool (members, columns), whether any value of the stretch is NaN or infinite.
    """

    members: tuple[str, ...]
    edges: np.ndarray
    values: np.ndarray
    at: np.ndarray
    lost: np.ndarray

    @property
    def centres(self) -> np.ndarray:
        """float64 (columns,)."""
        centres: np.ndarray = (self.edges[:-1] + self.edges[1:]) / 2
        return centres


def grid_of(members: Mapping[str, pd.Series[float]], columns: int = COLUMNS) -> Grid:
    """Lay a family out in at most `columns` stretches of about as many recorded steps each.

    Args:
        members: Series by step, each with at least one, in drawing order; at least one member.
        columns: Stretches at most.
    """
    steps = np.empty(0, dtype=np.int64)
    for series in members.values():
        own_steps = series.index.to_numpy(dtype=np.int64)
        if not np.array_equal(own_steps, steps):  # mostly they are recorded together
            steps = np.union1d(steps, own_steps)
    columns = min(columns, len(steps))
    column = np.arange(len(steps)) * columns // len(steps)
    values = np.full((len(members), columns), np.nan)
    at = np.zeros((len(members), columns), dtype=np.int64)
    lost = np.zeros((len(members), columns), dtype=bool)
    for row, series in enumerate(members.values()):
        own_steps, own = series.index.to_numpy(dtype=np.int64), series.to_numpy(dtype=np.float64)
        where = column[np.searchsorted(steps, own_steps)]
        finite = np.isfinite(own)
        lost[row, where[~finite]] = True
        at[row, where[~finite][::-1]] = own_steps[~finite][::-1]  # the first of a column is written last
        good, good_steps, where = own[finite], own_steps[finite], where[finite]
        if len(good):
            starts = np.flatnonzero(np.diff(where, prepend=-1))
            values[row, where[starts]] = np.maximum.reduceat(good, starts)
            largest = good == values[row, where]
            at[row, where[largest][::-1]] = good_steps[largest][::-1]
    return Grid(tuple(members), _edges(steps, column), values, at, lost)


def _edges(steps: np.ndarray, column: np.ndarray) -> np.ndarray:
    cuts = np.flatnonzero(np.diff(column))
    inner = (steps[cuts] + steps[cuts + 1]) / 2
    gaps = np.diff(steps)
    before, after = (float(gaps[0]), float(gaps[-1])) if len(gaps) else (1.0, 1.0)
    return np.concatenate([[steps[0] - before / 2], inner, [steps[-1] + after / 2]])
