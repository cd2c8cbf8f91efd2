"""Reduces a recorded signal to as many points as a chart needs; keeps every extreme and every non-finite step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from tsdownsample import MinMaxDownsampler

from gandoctor.report.languages.language import Language
from gandoctor.report.text import number

POINTS = 1_000
STRETCHES = 60
DECADES = 100.0
"""How many times the small values the large ones must be for a logarithmic axis."""
AXIS_MAX = 1e300
"""Where an axis ends at the latest, so that its length and its margins are still numbers."""
DECADES_MOST = 308.2
"""The same on a logarithmic axis: log10 of a value that is a number still."""

Kind = Literal["not finite", "zero"]


@dataclass(frozen=True)
class Stretch:
    """Consecutive recorded steps that cannot be drawn on the axis.

    Attributes:
        first: First such step; last: the last.
        count: How many recorded steps; fewer than the stretch is long where stretches were merged.
        kind: "not finite" (NaN or infinite), or "zero" (not above 0, on a logarithmic axis).
    """

    first: int
    last: int
    count: int
    kind: Kind


@dataclass(frozen=True)
class Curve:
    """One signal, ready to draw.

    Attributes:
        signal: Its name.
        steps: int64 (n,), rising.
        values: float64 (n,); NaN only where the line must break.
        stretches: Every recorded step that `values` leaves out because it cannot be drawn, in order.
        words: The curve in one sentence, for those who cannot see it.
        label: What it is called; "" for its signal's name.
        style: Colour and line style; None for its signal's.
    """

    signal: str
    steps: np.ndarray
    values: np.ndarray
    stretches: tuple[Stretch, ...]
    words: str
    label: str = ""
    style: tuple[str, str] | None = None


def thin(series: pd.Series[float], words: Language, log: bool = False, points: int = POINTS) -> Curve:
    """Reduce a signal to about `points` points.

    Keeps the smallest and the largest value of each of `points / 2` stretches of the run (min-max downsampling),
    which LTTB alone does not promise: a spike of one step in a million stays. Steps that are not finite, and on a
    logarithmic axis those not above 0, are returned apart, merged to at most 60 stretches but never dropped.

    Args:
        series: One signal by step, as `run[name]`.
        words: The language of `Curve.words`.
        log: It will be drawn on a logarithmic axis.
        points: Points to keep.
    """
    steps = series.index.to_numpy(dtype=np.int64)
    values = series.to_numpy(dtype=np.float64)
    finite = np.isfinite(values)
    zero = finite & (values <= 0) if log else np.zeros(len(values), bool)
    good = finite & ~zero
    stretches = sorted(
        [*_stretches(steps, ~finite, "not finite"), *_stretches(steps, zero, "zero")], key=lambda s: s.first
    )
    kept_steps, kept = _downsample(steps[good], values[good], points)
    breaks = np.array([s.first for s in stretches], dtype=np.int64)
    order = np.argsort(np.concatenate([kept_steps, breaks]), kind="stable")
    return Curve(
        signal=str(series.name),
        steps=np.concatenate([kept_steps, breaks])[order],
        values=np.concatenate([kept, np.full(len(breaks), np.nan)])[order],
        stretches=tuple(stretches),
        words=in_words(series, words),
    )


def in_words(series: pd.Series[float], words: Language) -> str:
    """Return one sentence with a signal's start, end, extremes and non-finite steps."""
    values = series.to_numpy(dtype=np.float64)
    steps = series.index.to_numpy(dtype=np.int64)
    name = str(series.name)
    finite = np.isfinite(values)
    lost = int((~finite).sum())
    if not len(values):
        return words("curve.none", name=name)
    if not finite.any():
        return words("curve.no_finite", name=name, n=f"{lost:,}")
    good, at = values[finite], steps[finite]
    low, high = int(good.argmin()), int(good.argmax())
    told = {
        "name": name,
        "start": number(good[0]),
        "first": at[0],
        "end": number(good[-1]),
        "last": at[-1],
        "low": number(good[low]),
        "low_at": at[low],
        "high": number(good[high]),
        "high_at": at[high],
    }
    if not lost:
        return words("curve.words", **told)
    return words.count("curve.words_lost", lost, lost_at=steps[~finite][0], **told)


def axis_range(curves: list[Curve], extra: list[float], log: bool) -> tuple[float, float]:
    """Return the axis limits (their log10 on a logarithmic axis) that show the bulk of the curves (`bulk_range`).

    What falls off the axis, the caller marks at its edge.

    Args:
        curves: What is drawn.
        extra: Values that must be on the axis: thresholds, equilibria, observed values.
        log: Logarithmic axis.
    """
    values = np.concatenate([c.values[np.isfinite(c.values)] for c in curves]) if curves else np.empty(0)
    must = np.array([v for v in extra if np.isfinite(v) and (v > 0 or not log)])
    if log:
        values, must = np.log10(values), np.log10(must)
    values, must = np.clip(values, -AXIS_MAX, AXIS_MAX), np.clip(must, -AXIS_MAX, AXIS_MAX)
    if not len(values) and not len(must):
        return (-1.0, 1.0)
    low, high = bulk_range(values, must)
    span = high - low
    if log and span < 1:  # a whole decade at least, or noise fills the chart and the ticks crowd
        low, high = (low + high - 1) / 2, (low + high + 1) / 2
        span = 1.0
    pad = 0.06 * span if span > 0 else max(abs(high) * 0.1, 1e-12 if high else 1.0)
    return (low - pad, min(high + pad, DECADES_MOST) if log else high + pad)


def in_decades(values: np.ndarray) -> bool:
    """Tell whether values span so many decades that a linear axis would show only the largest of them.

    All are above 0, and the 95th percentile is at least `DECADES` the 5th. A few NaN do not matter.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 8 or finite.min() <= 0:
        return False
    low, high = np.percentile(finite, [5.0, 95.0])
    return bool(high / DECADES >= low)


def bulk_range(values: np.ndarray, must: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest value, or tighter limits where few values would hide all others.

    Everything is within where that leaves the bulk (1st to 99th percentile) at least 1/20 of the range.

    Args:
        values: Finite floats.
        must: What is within in any case; one of the two is not empty.
    """
    everything = np.concatenate([values, must])
    low, high = float(everything.min()), float(everything.max())
    if len(values):
        bulk = np.percentile(values, [1.0, 99.0])
        inner_low, inner_high = (float(v) for v in (min([*bulk, *must]), max([*bulk, *must])))
        if 0 < inner_high - inner_low < (high - low) / 20:
            margin = inner_high - inner_low
            low, high = max(low, inner_low - margin), min(high, inner_high + margin)
    return low, high


def _downsample(steps: np.ndarray, values: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    if len(values) <= points:
        return steps, values
    x, y = np.ascontiguousarray(steps), np.ascontiguousarray(values)
    kept = MinMaxDownsampler().downsample(x, y, n_out=points - points % 2)
    index = np.union1d(kept.astype(np.int64), [0, len(values) - 1])
    return steps[index], values[index]


def _stretches(steps: np.ndarray, mask: np.ndarray, kind: Kind) -> list[Stretch]:
    """Group the marked positions that follow one another; merge the nearest groups where there are too many."""
    at = np.flatnonzero(mask)
    if not len(at):
        return []
    gaps = np.diff(at)
    cuts = np.flatnonzero(gaps > 1)
    if len(cuts) >= STRETCHES:
        widest = np.argsort(-gaps[cuts], kind="stable")[: STRETCHES - 1]
        cuts = np.sort(cuts[widest])
    return [Stretch(int(steps[group[0]]), int(steps[group[-1]]), len(group), kind) for group in np.split(at, cuts + 1)]
