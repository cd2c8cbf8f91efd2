"""Small charts as SVG: one signal against the band of the real data, there without JavaScript and in print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gandoctor.report.charts.curves import axis_range, in_decades, thin
from gandoctor.report.languages.language import Language
from gandoctor.report.text import clean, number

WIDTH, HEIGHT = 1_000, 100
POINTS = 240


@dataclass(frozen=True)
class Spark:
    """A small chart, in a box of 1000 by 100.

    Attributes:
        lines: The curve, in pieces where it breaks, as SVG's points.
        band: Top and height of the band of the real data; None without one.
        levels: Heights of thresholds.
        spans: Left end and width of what is shaded.
        low: Lower end of the vertical axis; high: upper end.
        words: The curve in one sentence.
        is_log: Whether the vertical axis is logarithmic.
    """

    lines: tuple[str, ...]
    band: tuple[float, float] | None
    levels: tuple[float, ...]
    spans: tuple[tuple[float, float], ...]
    low: str
    high: str
    words: str
    is_log: bool


def spark(
    series: pd.Series[float],
    words: Language,
    *,
    last_step: int,
    log: bool | None = None,
    band: tuple[float, float] | None = None,
    levels: Sequence[float] = (),
    spans: Sequence[tuple[int, int]] = (),
) -> Spark:
    """Draw a signal.

    Args:
        series: By step.
        words: The language of its description.
        last_step: Right end of the step axis.
        log: Logarithmic vertical axis; None where values that span decades decide.
        band: Lowest and highest value that real data would score.
        levels: Thresholds.
        spans: First and last step of what is shaded.
    """
    values = series.to_numpy(dtype=np.float64)
    must = [v for v in (*(band or ()), *levels) if np.isfinite(v)]
    is_log = in_decades(values) if log is None else log
    is_log = is_log and all(v > 0 for v in must if v not in (band or ()))
    curve = thin(series, words, is_log, POINTS)
    shown = [v for v in must if v > 0 or not is_log]
    low, high = (float(end) for end in axis_range([curve], shown, is_log))
    if not is_log and low < 0 <= min([*curve.values[np.isfinite(curve.values)], *shown], default=-1.0):
        low = 0.0

    def y(value: float) -> float:
        scaled = (math.log10(value) if value > 0 else low) if is_log else float(value)
        share = (scaled / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5  # halves: 1e308 - -1e308 overflows
        return round(HEIGHT * (1 - min(max(share, 0.0), 1.0)), 1)

    def x(step: float) -> float:
        return round(WIDTH * min(max(step / max(last_step, 1), 0.0), 1.0), 1)

    pieces: list[list[str]] = [[]]
    for step, value in zip(curve.steps.tolist(), curve.values.tolist(), strict=True):
        if np.isfinite(value):
            pieces[-1].append(f"{x(step):g},{y(value):g}")
        elif pieces[-1]:
            pieces.append([])
    edges = [y(edge) for edge in band] if band is not None and all(map(np.isfinite, band)) else None
    ends = (10**low, 10**high) if is_log else (low, high)
    return Spark(
        lines=tuple(" ".join(points if len(points) > 1 else points * 2) for points in pieces if points),
        band=(edges[1], max(edges[0] - edges[1], 1.0)) if edges is not None else None,
        levels=tuple(y(level) for level in levels if np.isfinite(level)),
        spans=tuple((x(first), max(x(last) - x(first), 4.0)) for first, last in spans),
        low=number(float(f"{ends[0]:.2g}")),
        high=number(float(f"{ends[1]:.2g}")),
        words=clean(curve.words),
        is_log=is_log,
    )
