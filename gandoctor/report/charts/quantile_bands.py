"""The spread of scores over steps: bands of quantiles around the median, one for each kind of image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from gandoctor.message import Message
from gandoctor.report.charts import palette
from gandoctor.report.charts.curves import Curve, Stretch, axis_range, thin
from gandoctor.report.charts.figures import Moment, add_edge_marks, add_moments, as_json, base_layout, compact
from gandoctor.report.languages.language import Language
from gandoctor.report.text import number, plot_text

COLUMNS = 300
"""More steps than this share a point."""
PERCENTS = ("5", "25", "50", "75", "95")


@dataclass(frozen=True)
class Band:
    """The quantiles of one kind of image.

    Attributes:
        family: Their family of signals, e.g. "d_fake_logit_quantile".
        steps: int64 (n,), rising.
        levels: float64 (5, n), a row a percentage; NaN where the band must break.
        stretches: Every recorded step at which a quantile is NaN or infinite.
    """

    family: str
    steps: np.ndarray
    levels: np.ndarray
    stretches: tuple[Stretch, ...]


def band_of(family: str, members: Mapping[str, pd.Series[float]], words: Language) -> Band | None:
    """Return a family's band at no more than 300 points; None where a quantile is missing.

    Of the steps that share a point the lower quantiles keep their smallest, the upper their largest value and the
    median its median: the band of a point holds all bands of its steps.
    """
    if not set(PERCENTS) <= set(members):
        return None
    table = pd.DataFrame({percent: members[percent] for percent in PERCENTS})
    steps, levels = table.index.to_numpy(dtype=np.int64), table.to_numpy(dtype=np.float64).T
    levels = np.where(np.isfinite(levels).all(axis=0), levels, np.nan)
    stretches = thin(pd.Series(levels[2], index=table.index, name=family), words).stretches
    groups = np.array_split(np.arange(len(steps)), min(COLUMNS, len(steps)))
    if len(groups) < len(steps):
        lost = [bool(np.isnan(levels[0, group]).any()) for group in groups]
        reduce: tuple[Callable[[np.ndarray], float], ...] = (np.min, np.min, np.median, np.max, np.max)
        joined = [[f(row[group]) for group in groups] for f, row in zip(reduce, levels, strict=True)]
        levels = np.where(lost, np.nan, np.array(joined))
        steps = np.array([steps[group[len(group) // 2]] for group in groups])
    return Band(family, steps, levels, stretches)


def in_words(band: Band, name: str, words: Language) -> str:
    """Return a band's start and end in one sentence."""
    whole = np.flatnonzero(np.isfinite(band.levels[0]))
    if not len(whole):
        return words("bands.no_finite", name=name)
    first, last = band.levels[:, whole[0]], band.levels[:, whole[-1]]
    told = {f"first_{percent}": number(value) for percent, value in zip(PERCENTS, first, strict=True)}
    told |= {f"last_{percent}": number(value) for percent, value in zip(PERCENTS, last, strict=True)}
    return words("bands.words", name=name, first=band.steps[whole[0]], last=band.steps[whole[-1]], **told)


def band_figure(
    bands: Sequence[Band],
    names: Sequence[str],
    words: Language,
    *,
    last_step: int,
    unit: Message | None,
    moments: Sequence[Moment] = (),
) -> dict[str, Any]:
    """Draw bands over one another: the middle half filled, the middle nine tenths lighter, the median as a line.

    Colour, the line's dashes and the filling's pattern each tell them apart.

    Args:
        bands: What to draw.
        names: What each is called.
        words: The language of the labels.
        last_step: Right end of the step axis.
        unit: Label of the vertical axis; None for a pure number.
        moments: Where findings began.

    Returns:
        Plotly's JSON: "data" and "layout".
    """
    curves = [_curve(band, row) for band in bands for row in range(len(PERCENTS))]
    low, high = axis_range(curves, [], False)
    figure = go.Figure(layout=base_layout(words, last_step, (low, high), False, unit, legend=True))
    for band in bands:
        color, _ = palette.color_of(band.family)
        pattern = palette.PATTERNS.get(color, "")
        for lower, upper, opacity, shape in ((0, 4, 0.12, ""), (1, 3, 0.3, pattern)):
            figure.add_scatter(
                **_outline(band, lower, upper),
                fill="toself",
                fillcolor=color,
                fillpattern={"shape": shape, "fgcolor": color, "bgcolor": "rgba(0,0,0,0)", "size": 6, "solidity": 0.3}
                if shape
                else None,
                opacity=opacity,
                mode="lines",
                line={"width": 0, "color": color},
                hoverinfo="skip",
                legendgroup=band.family,
                showlegend=False,
            )
    for band, name in zip(bands, names, strict=True):
        color, dash = palette.color_of(band.family)
        figure.add_scatter(
            x=compact(band.steps),
            y=compact(band.levels[2]),
            name=plot_text(name),
            mode="lines" if len(band.steps) > 1 else "lines+markers",
            line={"color": color, "width": 2.2, "dash": dash},
            customdata=compact(np.stack([band.levels[i] for i in (1, 3, 0, 4)], axis=-1)),
            hovertemplate="%{y:.3g} " + words("bands.at", **{q: f"%{{customdata[{i}]:.3g}}" for i, q in _HOVERED}),
            legendgroup=band.family,
        )
        for row, stretches in ((0, ()), (2, band.stretches), (4, ())):
            add_edge_marks(figure, _curve(band, row, stretches), words, low, high, False)
    add_moments(figure, moments, last_step)
    return as_json(figure)


_HOVERED = ((0, "q25"), (1, "q75"), (2, "q5"), (3, "q95"))


def _curve(band: Band, row: int, stretches: tuple[Stretch, ...] = ()) -> Curve:
    return Curve(band.family, band.steps, band.levels[row], stretches, "")


def _outline(band: Band, lower: int, upper: int) -> dict[str, Any]:
    """Return the border of the area between two quantiles, one closed line for every unbroken stretch."""
    whole = np.isfinite(band.levels[0])
    gap = np.array([np.nan])
    x: list[np.ndarray] = []
    y: list[np.ndarray] = []
    for stretch in np.split(np.arange(len(whole)), np.flatnonzero(np.diff(whole)) + 1):
        if len(stretch) and whole[stretch[0]]:
            there, back = band.steps[stretch], band.steps[stretch][::-1]
            x += [there, back, gap]
            y += [band.levels[upper, stretch], band.levels[lower, stretch][::-1], gap]
    if not x:
        return {"x": [], "y": []}
    return {"x": compact(np.concatenate(x)), "y": compact(np.concatenate(y))}
