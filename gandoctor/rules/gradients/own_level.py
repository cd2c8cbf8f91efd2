"""What is usual for a signal in this very run: gradient norms differ by decades from one healthy GAN to another.

Shared by vanishing-generator-gradient (GD201), exploding-gradient (GD202) and update-size-out-of-range (GD203).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.rules.reading.late_values import median_between
from gandoctor.rules.reading.persistence import SPAN_STEPS, Episode, running_median
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

EARLY_SPAN = 20
"""Steps in a running median of the beginning: long enough to pass over single spikes."""

RECENT_STEPS = 100


def finite(run: Run, name: str) -> pd.Series[float]:
    """Return the finite values of a signal; empty where it was not recorded. What is not finite is GD001's."""
    if name not in run:
        import pandas as pd

        return pd.Series(np.array([], dtype=float), index=np.array([], dtype=int))
    series = run[name]
    return series[np.isfinite(series.to_numpy())]


def early_level(run: Run, series: pd.Series[float]) -> float | None:
    """Return the highest level of a signal in warm-up, as a running median over 20 steps.

    The highest, because many discriminators pass through a phase of almost no loss and no gradient before step 150
    and recover: against the level of that phase everything later would be an explosion.

    Args:
        run: The run.
        series: Its signal, finite. Where recording began later, its first steps stand in for the warm-up.

    Returns:
        None where nothing, or fewer steps than that, was recorded in that time.
    """
    if series.empty:
        return None
    begin = series.loc[: series.index[0] + max(warm_up_end(run), SPAN_STEPS)]
    medians = running_median(begin, EARLY_SPAN)
    return float(medians.max()) if len(medians) else None


def highest_before(level: pd.Series[float], early: float, steps: int) -> pd.Series[float]:
    """Return for every step the highest level until some steps earlier, or the early level where that is higher.

    Args:
        level: A running median, indexed by step.
        early: The early level.
        steps: How much earlier.
    """
    import pandas as pd

    highest = np.maximum.accumulate(level.to_numpy())
    index = level.index.to_numpy()
    position = np.searchsorted(index, index - steps, side="right") - 1
    earlier = np.where(position >= 0, highest[np.maximum(position, 0)], early)
    return pd.Series(np.maximum(earlier, early), index=level.index)


def reaching_back(episode: Episode, holds: pd.Series[bool]) -> Episode:
    """Move an episode's first step from where a running median crossed a limit to where the values themselves did.

    Args:
        episode: Found on a running median over 60 steps, which follows half of them late.
        holds: Whether the value itself is beyond the limit, indexed by step.
    """
    before = holds.loc[episode.first_step - SPAN_STEPS : episode.first_step]
    first = int(before.index[before.to_numpy(dtype=bool)][0]) if before.any() else episode.first_step
    return replace(episode, first_step=min(first, episode.first_step))


def recent(run: Run, name: str) -> float | None:
    """Return the median of a signal's finite values over the last 100 steps; None where there is none."""
    return median_between(run, name, run.last_step - RECENT_STEPS, run.last_step)
