"""Whether what training is fed repeats itself: mean and spread of a batch tell it from another.

Shared by degenerate-latent-noise (GD007) and degenerate-real-data (GD009). Two fresh random batches never agree in
both numbers: batches of 16 to 1024 digits differ by at least 4e-4 of their size, and by 2e-7 at most where the same
images come in another order (60 and 30 draws of each size, float32).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Stretch:
    """Steps in which a condition held throughout.

    Attributes:
        first_step: First of them; last_step: the last.
        count: Recorded steps among them.
        ongoing: It still held at the last recorded step.
    """

    first_step: int
    last_step: int
    count: int
    ongoing: bool

    @property
    def ending(self) -> Message | None:
        """A sentence on how it ended; None while it lasts."""
        return None if self.ongoing else Message("It ended after step {step}.", step=self.last_step)


def longest_stretch(holds: pd.Series[bool], least: int) -> Stretch | None:
    """Return the stretch of so many recorded steps or more in which a condition held: the ongoing, else the longest.

    Args:
        holds: Whether it held, one value a recorded step, indexed by step.
        least: Recorded steps a stretch must have.
    """
    values, steps = holds.to_numpy(dtype=bool), holds.index.to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], values, [False]]).astype(np.int8)))
    found = [
        Stretch(int(steps[a]), int(steps[b - 1]), int(b - a), ongoing=bool(b == len(steps)))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if b - a >= least
    ]
    return max(found, key=lambda s: (s.ongoing, s.count), default=None)


def same_as_before(mean: pd.Series[float], spread: pd.Series[float], tolerance: float) -> pd.Series[bool]:
    """Tell for every step whether its batch equals that of the recorded step before it.

    Args:
        mean: Of each batch, indexed by step.
        spread: Of each batch, at the same steps.
        tolerance: Largest difference, relative to size and spread, that rounding explains.
    """
    size = tolerance * (mean.abs() + spread)
    return (mean.diff().abs() <= size) & (spread.diff().abs() <= size)


def repeated_stretch(mean: pd.Series[float], spread: pd.Series[float], tolerance: float, least: int) -> Stretch | None:
    """Return the stretch of at least so many recorded steps with one and the same batch; arguments as above."""
    found = longest_stretch(same_as_before(mean, spread, tolerance), least - 1)
    if found is None:
        return None
    before = mean.index[mean.index < found.first_step]  # the step the first repetition repeats
    return Stretch(int(before[-1]), found.last_step, found.count + 1, found.ongoing)


def few_batches(
    mean: pd.Series[float], spread: pd.Series[float], tolerance: float, window: int, most: int
) -> tuple[Stretch, int] | None:
    """Return the stretch in which only a few batches come back again and again, and how many they are.

    Judged window by window: over a whole run, batches that differ may agree in both numbers by chance.

    Args:
        mean: Of each batch, indexed by step.
        spread: Of each batch, at the same steps.
        tolerance: As in `same_as_before`.
        window: Recorded steps in a window.
        most: Different batches in a window up to which they count as a few; one alone is a repetition, not a few.
    """
    import pandas as pd

    size = tolerance * float(np.nanmedian(mean.abs() + spread)) if len(mean) else 0.0
    if size <= 0:
        return None
    # A value at the edge of a bin may fall into either; that can only make them more.
    batches = np.column_stack([np.round(mean.to_numpy() / size), np.round(spread.to_numpy() / size)])
    starts = list(range(0, len(batches) - window + 1, window))
    if starts and starts[-1] + window < len(batches):
        starts.append(len(batches) - window)  # the last steps, whatever the window's phase
    fewest = dict(zip(starts, _distinct(batches[:, 0], starts, window), strict=True))
    few = pd.Series(False, index=mean.index)
    seen = 0
    for start in starts:
        if fewest[start] > most:
            continue
        part = batches[start : start + window]
        distinct = len(np.unique(part, axis=0)) if np.isfinite(part).all() else window
        if 2 <= distinct <= most:
            few.iloc[start : start + window] = True
            seen = max(seen, distinct)
    stretch = longest_stretch(few, window)
    return (stretch, seen) if stretch is not None else None


def _distinct(values: np.ndarray, starts: list[int], window: int) -> np.ndarray:
    """Return how many different values each window holds; of pairs there are as many at least."""
    if not starts:
        return np.empty(0, int)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(values, window)[starts], axis=1)
    counts: np.ndarray = 1 + (np.diff(windows, axis=1) != 0).sum(axis=1)
    return counts
