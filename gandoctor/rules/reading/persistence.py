"""Persistence: a symptom counts when it holds in 3 of 4 successive probes that span at least 60 steps.

Successive probes of a GAN are strongly alike, so a fixed number of them proves little: the window must also
be long in steps. A symptom that comes at once, from nothing to far beyond its limit, needs two probes only. Where the
training ends before a symptom has lasted, it may be told as one that has begun.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.rule import NotEvaluated, Severity

if TYPE_CHECKING:
    import pandas as pd

PROBES = 4
SHARE = 0.75
SPAN_STEPS = 60
SUDDEN_PROBES = 2
VALUES_KEPT = 8_000_000
"""Medians that are kept, over all series: 64 MB."""
MANY_VALUES = 300_000
"""From here on SciPy's filter pays for being imported."""
GAPS_AT_MOST = 1_000
QUIET_PROBES = 4
"""Probes before a sudden symptom in none of which it held: a young generator has its symptoms from the start."""


@dataclass(frozen=True)
class Episode:
    """A stretch of training in which a symptom persisted.

    Attributes:
        first_step: First probe of the stretch at which it held; last_step: the last one.
        ongoing: It still held in the last window that was recorded.
        outgrown: It began before symptoms are judged and has ended: a slow start, as healthy runs have too.
        begun: The last probes show it, and the training ended too soon to tell whether it lasts.
    """

    first_step: int
    last_step: int
    ongoing: bool
    outgrown: bool = False
    begun: bool = False

    def severity(self, severity: Severity) -> Severity:
        """Return the severity while it lasts; one notch less if the run has recovered.

        What a run outgrew, and what has only begun, is a remark.

        Healthy runs of the fault benchmark's calibration split outgrow noise, copies or a low loss that the end of
        warm-up has met.
        """
        if self.outgrown or self.begun:
            return Severity.INFO
        return severity if self.ongoing else list(Severity)[max(0, severity.rank - 1)]

    @property
    def ending(self) -> Message | None:
        """A sentence on how it ended, or that it has only begun; None while it lasts."""
        if self.begun:
            return Message("Only the last probes show it, so it is not known whether it lasts.")
        return None if self.ongoing else Message("The run recovered after step {step}.", step=self.last_step)

    def of(self, series: pd.Series[float]) -> pd.Series[float]:
        """Return the part of a signal that falls into the stretch."""
        return series.loc[self.first_step : self.last_step]


def persistent_episode(
    holds: pd.Series[bool],
    judged_from: int,
    far: pd.Series[bool] | None = None,
    *,
    begun: bool = False,
    young_until: int = 0,
) -> Episode | None:
    """Find the stretch in which a condition persisted beyond warm-up.

    Args:
        holds: Whether the symptom held, one value a probe, indexed by step.
        judged_from: First step that may be judged: one whole window must lie after it. The stretch itself may
            have begun earlier.
        far: Whether it held far beyond its limit, at the same steps. Two such probes in a row after `judged_from` are
            enough where it held in none of the four before: what a healthy run outgrows is never that sudden.
        begun: Where there is no other stretch, return one that has only begun: the last two probes, or more, of it.
        young_until: Where it is judged earlier than that, what begins before and passes is outgrown, too.

    Returns:
        The ongoing stretch, else the longest one that was not outgrown, else the longest, else None.

    Raises:
        NotEvaluated: No whole window lies after `judged_from`.
    """
    steps = holds.index.to_numpy()
    values = holds.to_numpy(dtype=bool)
    position = np.arange(len(steps))
    # The window of a probe: back to the last probe at least 60 steps earlier, and at least four probes.
    start = np.minimum(position - (PROBES - 1), np.searchsorted(steps, steps - SPAN_STEPS, side="right") - 1)
    whole = start >= 0
    judged = whole & (steps[np.maximum(start, 0)] >= judged_from)
    sudden = _sudden(steps, values, judged_from, far)
    if not judged.any() and not sudden.any():
        seen = int((steps >= judged_from).sum())
        raise NotEvaluated(
            Message(
                "Needs {probes} probes over {span} steps after warm-up (step {start}); {seen} recorded so far.",
                probes=PROBES,
                span=SPAN_STEPS,
                start=judged_from,
                seen=seen,
            )
        )
    total = np.concatenate([[0], np.cumsum(values)])
    first = np.maximum(start, 0)
    satisfied = sudden | (whole & ((total[position + 1] - total[first]) >= SHARE * (position - first + 1)))
    judged |= sudden
    edges = np.flatnonzero(np.diff(np.concatenate([[False], satisfied, [False]]).astype(np.int8)))
    episodes = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if not judged[begin:end].any():
            continue  # over before warm-up was
        held = steps[first[begin] : end][values[first[begin] : end]]
        ongoing = bool(end == len(steps))
        outgrown = not ongoing and bool(held[0] < max(judged_from, young_until))
        episodes.append(Episode(int(held[0]), int(held[-1]), ongoing, outgrown))
    if begun and all(episode.outgrown for episode in episodes):
        since = len(values) - int(np.argmin(np.append(values[::-1], False)))
        if len(values) - since >= SUDDEN_PROBES and steps[since] >= judged_from:
            return Episode(int(steps[since]), int(steps[-1]), ongoing=True, begun=True)
    return max(episodes, key=lambda e: (e.ongoing, not e.outgrown, e.last_step - e.first_step), default=None)


def persistent_episodes(
    conditions: Mapping[str, pd.Series[bool]],
    judged_from: int | Mapping[str, int],
    far: Mapping[str, pd.Series[bool]],
    *,
    begun: bool = False,
    young_until: int = 0,
) -> dict[str, Episode | None]:
    """Find the stretch of each of several conditions; arguments by name, as of `persistent_episode`.

    One `judged_from` goes for all of them.

    Raises:
        NotEvaluated: No whole window lies after `judged_from`, and none of them came suddenly.
    """
    found: dict[str, Episode | None] = {}
    too_early: NotEvaluated | None = None
    for name, holds in conditions.items():
        try:
            start = judged_from if isinstance(judged_from, int) else judged_from[name]
            found[name] = persistent_episode(holds, start, far.get(name), begun=begun, young_until=young_until)
        except NotEvaluated as reason:
            found[name], too_early = None, reason
    if too_early is not None and not any(found.values()):
        raise too_early
    return found


def _sudden(steps: np.ndarray, values: np.ndarray, judged_from: int, far: pd.Series[bool] | None) -> np.ndarray:
    """Tell at which probes a symptom has come at once: far beyond its limit twice, and not there before."""
    result = np.zeros(len(steps), dtype=bool)
    if far is None:
        return result
    beyond = values & far.to_numpy(dtype=bool)
    for last in range(QUIET_PROBES + SUDDEN_PROBES - 1, len(steps)):
        since = last - SUDDEN_PROBES + 1
        quiet = not values[since - QUIET_PROBES : since].any()
        result[last] = quiet and steps[since] >= judged_from and bool(beyond[since : last + 1].all())
    return result


def running_median(series: pd.Series[float], span: int = SPAN_STEPS) -> pd.Series[float]:
    """Return the median over the last `span` steps, from the first step that has as many behind it."""
    import pandas as pd

    median = pd.Series(_median(series.to_numpy(), series.index.to_numpy(), span), index=series.index)
    return median[median.index >= series.index[0] + span] if len(series) else median


_MEDIANS: OrderedDict[tuple[int, int, int, int], np.ndarray] = OrderedDict()
"""Medians of the last series: several rules ask for those of the same, which take a third of a second for a million."""


def _median(values: np.ndarray, steps: np.ndarray, span: int) -> np.ndarray:
    key = (len(values), span, hash(values.tobytes()), hash(steps.tobytes()))
    if key not in _MEDIANS:
        is_long = len(values) >= MANY_VALUES and np.isfinite(values).all()
        _MEDIANS[key] = (_filtered if is_long else _by_the_clock)(values, steps, span)
        while len(_MEDIANS) > 1 and sum(map(len, _MEDIANS.values())) > VALUES_KEPT:
            _MEDIANS.popitem(last=False)
    _MEDIANS.move_to_end(key)
    return _MEDIANS[key]


def _by_the_clock(values: np.ndarray, steps: np.ndarray, span: int) -> np.ndarray:
    import pandas as pd

    clock = pd.Series(values, index=pd.to_timedelta(steps, unit="s"))
    medians: np.ndarray = clock.rolling(f"{span}s", min_periods=1).median().to_numpy()
    return medians


def _filtered(values: np.ndarray, steps: np.ndarray, span: int) -> np.ndarray:
    """Return the same in a third of the time where most windows hold a value a step: those are of one length."""
    from scipy.ndimage import rank_filter

    last = span - 1
    low, high = (rank_filter(values, rank, span, mode="nearest", origin=last // 2) for rank in (last // 2, span // 2))
    medians: np.ndarray = (low + high) / 2
    is_whole = np.zeros(len(values), dtype=bool)
    is_whole[last:] = steps[last:] - steps[: len(steps) - last] == last
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_whole, [True]]).astype(np.int8)))
    if len(edges) > GAPS_AT_MOST:
        return _by_the_clock(values, steps, span)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        part = slice(max(0, start - last), end)
        medians[start:end] = _by_the_clock(values[part], steps[part], span)[start - end :]
    return medians
