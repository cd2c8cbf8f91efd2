"""Where in a run the samples were best, and whether they have been clearly worse since: for quality-regression (GD409).

Quality is the kernel distance to the real data, in the random embedding and, for digits, in a classifier's features.
One probe of it is noisy and the lowest of many is lucky: only medians over several probes are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.reading.persistence import PROBES, SPAN_STEPS
from gandoctor.rules.rule import NotEvaluated
from gandoctor.rules.samples.real_bands import real_bands
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

QUALITY = ("sample_kid", "sample_class_kid")
"""Signals of quality, less is better."""
WINDOW_SHARE = 0.2
"""Share of the run so far that a window spans, so that the best of many is not merely the luckiest: in simulated
plateaus whose probes scatter by 30 to 50 % around one level, neighbours correlated by 0.5 to 0.8, 0 to 5 % of runs
seemed to have got worse with a fifth, 0 to 12 % with a tenth, up to 27 % with four probes."""


@dataclass(frozen=True)
class Regression:
    """Samples that were better once.

    Attributes:
        signal: The quality that tells.
        best_step: The best probe of the best window; best: that window's median.
        best_first, best_last: First and last probe of the best window.
        first_step: Since when the samples have been clearly worse; last_step: the last probe.
        late: Median of the last window, infinite where most samples are not finite.
        threshold: Above which a probe counts as clearly worse.
        start: Median of the first window of the run.
    """

    signal: str
    best_step: int
    best: float
    best_first: int
    best_last: int
    first_step: int
    last_step: int
    late: float
    threshold: float
    start: float


def regression(run: Run, signal: str, ratio: float, sigmas: float) -> Regression | None:
    """Find out whether the samples have been worse, persistently and up to now, than in the best window of the run.

    Args:
        run: The run.
        signal: One of QUALITY.
        ratio: A probe is clearly worse above so many times the best window's median, times the largest excursion that
            the run came back from (`_excursion`), and
        sigmas: above it by so many standard deviations of the real-vs-real null.

    Raises:
        NotEvaluated: No whole window lies after warm-up, or the null is not known.
    """
    band = real_bands(run).get(signal)
    if band is None:
        raise NotEvaluated(
            Message("Too few real images were stored to know how far chance alone moves the kernel distance.")
        )
    series = quality(run, signal)
    judged_from = warm_up_end(run)
    span = max(SPAN_STEPS, WINDOW_SHARE * run.last_step)
    windows = windows_of(series, span)
    if not windows or series.index[windows[-1][0]] < judged_from:
        raise NotEvaluated(
            Message(
                "Needs {probes} probes over {span} steps after warm-up (step {start}); {seen} recorded so far.",
                probes=PROBES,
                span=round(span),
                start=judged_from,
                seen=int((series.index >= judged_from).sum()),
            )
        )
    medians = [float(series.iloc[first : last + 1].median()) for first, last in windows]
    best_at = int(np.argmin(medians))
    (first, last), best = windows[best_at], medians[best_at]
    scatter = _excursion(np.array(medians[:best_at]), band.std)
    threshold = max(ratio * scatter * best, best + sigmas * band.std)
    if windows[-1][0] <= last or not medians[-1] > threshold:
        return None
    # Back from the end to where the medians were not yet worse; there, from the first probe of the window that was.
    since = len(medians)
    while since > 0 and windows[since - 1][0] > last and medians[since - 1] > threshold:
        since -= 1
    worse = series.iloc[windows[since][0] :]
    worse = worse.loc[worse[worse > threshold].index[0] :]
    return Regression(
        signal,
        best_step=int(series.index[first + int(np.argmin(series.iloc[first : last + 1]))]),
        best=best,
        best_first=int(series.index[first]),
        best_last=int(series.index[last]),
        first_step=int(worse.index[0]),
        last_step=int(series.index[-1]),
        late=medians[-1],
        threshold=threshold,
        start=medians[0],
    )


def _excursion(medians: np.ndarray, noise: float) -> float:
    """Return how many times worse the samples once were than before, though they became better than ever afterwards.

    This is the scatter of the run's own course, slower than its probes': some healthy games swing, and come back.

    Args:
        medians: Of the windows before the best one (n,).
        noise: A kernel distance below which ratios mean nothing.
    """
    if not len(medians):
        return 1.0
    best_so_far = np.maximum(np.minimum.accumulate(medians), noise)
    return float(max(1.0, (medians / best_so_far).max()))


def quality(run: Run, signal: str) -> pd.Series[float]:
    """Return a quality after training has begun; infinitely bad where the samples themselves were not finite."""
    import pandas as pd

    series = run[signal].loc[1:]
    if "sample_mean" in run:
        broken = run["sample_mean"].loc[1:]
        broken = broken[~np.isfinite(broken)]
        series = pd.concat([series.drop(broken.index, errors="ignore"), broken.abs().fillna(np.inf)]).sort_index()
    return series


def windows_of(series: pd.Series[float], span: float) -> list[tuple[int, int]]:
    """Return positions (first, last) of the shortest window of 4 probes and so many steps that ends at each probe."""
    steps = series.index.to_numpy()
    position = np.arange(len(steps))
    first = np.minimum(position - (PROBES - 1), np.searchsorted(steps, steps - span, side="right") - 1)
    return [(int(f), int(p)) for f, p in zip(first, position, strict=True) if f >= 0]
