"""The course of a run: how far its samples were from the real data, when least, and whether that still falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from gandoctor.diagnosis.reference import Band
from gandoctor.rules import Finding
from gandoctor.rules.reading.persistence import SPAN_STEPS
from gandoctor.rules.samples.best_quality import QUALITY, WINDOW_SHARE, quality, windows_of
from gandoctor.store import Run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

Trend = Literal["improving", "flat", "worse", "unknown"]
QUALITY_REGRESSION = "GD409"
NULL_SIGMAS = 2.0
"""Windows whose medians differ by less than this many standard deviations of the real-vs-real null are called equal."""
SHARE = 0.2
"""Or by less than this share of the best one: judgement, half of the least that probes scatter by on a plateau."""


@dataclass(frozen=True)
class Course:
    """How the quality of the samples went; less is better.

    Attributes:
        signal: What it is measured by.
        values: By step, after training began.
        band: Where real data fall; None where that is not known.
        best_step: The best probe of the best window; None where the run has no whole window.
        trend: Whether it still improves, is flat, or has got worse since its best; "unknown" without a best step.
        since: Since which step it is flat or worse, or the best step; None without one.
    """

    signal: str
    values: pd.Series[float]
    band: Band | None
    best_step: int | None
    trend: Trend
    since: int | None


def course_of(run: Run, bands: Mapping[str, Band], detected: Sequence[Finding]) -> Course | None:
    """Return how the samples' distance to the real data went; None where it was not recorded.

    Args:
        run: The run.
        bands: Signal -> where it falls on real data.
        detected: What was found: a quality that has got worse is told as its rule tells it.
    """
    worse = next((e for f in detected if f.rule.id == QUALITY_REGRESSION for e in f.evidence if e.signal in run), None)
    signals = [worse.signal] if worse is not None else QUALITY
    signal = next((name for name in signals if name in run and len(quality(run, name))), None)
    if signal is None:
        return None
    values, band = quality(run, signal), bands.get(signal)
    windows = windows_of(values, max(SPAN_STEPS, WINDOW_SHARE * run.last_step))
    medians = np.array([float(values.iloc[first : last + 1].median()) for first, last in windows])
    if not np.isfinite(medians).any():
        return Course(signal, values, band, None, "unknown", None)
    best_at = int(np.nanargmin(medians))
    first, last = windows[best_at]
    best_step = int(values.index[first + int(np.argmin(values.iloc[first : last + 1]))])
    if worse is not None:
        return Course(signal, values, band, best_step, "worse", worse.first_step)
    near = medians[best_at] + max(NULL_SIGMAS * (band.std if band is not None else 0.0), SHARE * medians[best_at])
    if medians[0] <= near:  # it never got better than it began
        return Course(signal, values, band, None, "flat", int(values.index[windows[0][0]]))
    reached = int(np.argmax(medians <= near))
    if len(windows) > 1 and windows[reached][1] >= windows[-1][0]:  # only the last window is as good as the best one
        return Course(signal, values, band, best_step, "improving", best_step)
    return Course(signal, values, band, best_step, "flat", int(values.index[windows[reached][0]]))
