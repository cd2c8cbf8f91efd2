"""What a signal is late in a run: the median of its finite values beyond warm-up, which causes are ranked by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


def late_median(run: Run, name: str) -> float | None:
    """Return the median of the finite values after warm-up; None where there is none."""
    return median_between(run, name, warm_up_end(run), run.last_step)


def median_between(run: Run, name: str, first_step: int, last_step: int) -> float | None:
    """Return the median of the finite values from one step to another, both included; None where there is none."""
    if name not in run:
        return None
    values = run[name].loc[first_step:last_step].to_numpy()
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else None


def medians_of_halves(series: pd.Series[float]) -> tuple[float, float]:
    """Return the median of the first half of a signal's values, and that of the second."""
    half = len(series) // 2
    return float(series.iloc[:half].median()), float(series.iloc[half:].median())
