"""Plotly figures: curves with their thresholds, evidence, null band and everything that does not fit the axis."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gandoctor.message import Message
from gandoctor.report.charts import palette
from gandoctor.report.charts.chart_list import Level
from gandoctor.report.charts.curves import AXIS_MAX, Curve, axis_range
from gandoctor.report.languages.language import Language
from gandoctor.report.text import number, plot_text

MOMENTS = 8


@dataclass(frozen=True)
class Span:
    """Steps in which something was observed, and the observed value."""

    first: int
    last: int
    observed: float


@dataclass(frozen=True)
class Moment:
    """A step at which findings began, e.g. "GD301"."""

    step: int
    label: str


def line_figure(
    curves: Sequence[Curve],
    words: Language,
    *,
    last_step: int,
    log: bool = False,
    unit: Message | None = None,
    limits: tuple[float, float] | None = None,
    levels: Sequence[Level] = (),
    band: tuple[float, float] | None = None,
    spans: Sequence[Span] = (),
    moments: Sequence[Moment] = (),
    warm_up: int | None = None,
) -> dict[str, Any]:
    """Draw curves over steps.

    Args:
        curves: What to draw, already thinned for this kind of axis.
        words: The language of every label that is not given.
        last_step: Right end of the step axis.
        log: Logarithmic vertical axis.
        unit: Label of the vertical axis; None for a pure number.
        limits: Fixed vertical axis; None fits the curves.
        levels: Horizontal lines: thresholds, equilibria, the data's limits.
        band: Lowest and highest value that real data would score.
        spans: Evidence: shaded, with the observed value drawn across.
        moments: Where findings began.
        warm_up: End of the warm-up, shaded up to there; None where it does not matter.

    Returns:
        Plotly's JSON: "data" and "layout".
    """
    levels = [level for level in levels if _drawable(level.value, log)]
    band = band if band is not None and _drawable(band[1], log) and np.isfinite(band[0]) else None
    edges = [edge for edge in band or () if _drawable(edge, log)]
    must = [level.value for level in levels] + [s.observed for s in spans] + edges
    low, high = limits or axis_range(list(curves), must, log)
    if band is not None and len(edges) < len(band):  # it reaches down to 0 or below: on a logarithmic axis, to its end
        band = (float(10**low), band[1])
    has_legend = len(curves) > 1 or bool(levels) or bool(warm_up)
    figure = go.Figure(layout=base_layout(words, last_step, (low, high), log, unit, legend=has_legend))
    if band is not None:
        figure.add_hrect(
            y0=band[0], y1=band[1], fillcolor=palette.BAND, line={"width": 1, "color": palette.REAL}, layer="below"
        )
    if warm_up:
        figure.add_vrect(x0=0, x1=warm_up, fillcolor=palette.WARM_UP, line_width=0, layer="below")
    for span in spans:
        figure.add_vrect(
            x0=span.first,
            x1=span.last,
            fillcolor=palette.EVIDENCE,
            line={"width": 1.5, "color": palette.EVIDENCE_EDGE},
            layer="below",
        )
    for curve in curves:
        _add_curve(figure, curve, words)
        add_edge_marks(figure, curve, words, low, high, log)
    for span in spans:
        _add_observed(figure, span, words, log)
    seen: set[float] = set()
    for level in levels:
        if level.value in seen:
            continue
        seen.add(level.value)
        # A label at the line would cover the curve: the legend has it.
        figure.add_scatter(
            x=[0, max(last_step, 1)],
            y=[level.value, level.value],
            name=plot_text(level.label),
            mode="lines",
            line={"dash": "dash" if len(seen) == 1 else "dot", "width": 1.4, "color": palette.STRONG},
            hoverinfo="skip",
        )
    if warm_up:
        _explain(figure, words("figure.warm_up"), palette.WARM_UP)
    add_moments(figure, moments, last_step)
    return as_json(figure)


def as_json(figure: go.Figure) -> dict[str, Any]:
    """Return what the page gives to plotly.js: "data" and "layout"."""
    content: dict[str, Any] = json.loads(figure.to_json())
    content["layout"].pop("template", None)
    return content


def base_layout(
    words: Language, last_step: int, limits: tuple[float, float], log: bool, unit: Message | None, legend: bool
) -> dict[str, Any]:
    """Return the layout of a figure over steps; `limits` are log10 of the axis' where it is logarithmic."""
    axis: dict[str, Any] = {
        "gridcolor": palette.GRID,
        "linecolor": palette.GRID,
        "zeroline": False,
        "title": {"standoff": 6, "font": {"size": 12}},
        "automargin": True,
    }
    right = max(last_step, 1)
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": palette.TEXT, "size": 12},
        # The same on the left in every chart, so that their step axes lie below one another.
        "margin": {"l": 58, "r": 12, "t": 48 if legend else 22, "b": 36},
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.1, "yanchor": "bottom", "font": {"size": 12}},
        "hovermode": "x unified",
        "hoverlabel": {"namelength": -1},
        "xaxis": {
            **axis,
            "title": {**axis["title"], "text": words("figure.step")},
            "range": [-0.01 * right, 1.01 * right],
        },
        "yaxis": {
            **axis,
            "automargin": False,
            "fixedrange": True,
            "title": {**axis["title"], "text": unit_label(unit, words)},
            "type": "log" if log else "linear",
            "range": list(limits),
            "exponentformat": "power",
            **({"dtick": _log_ticks(limits)} if log else {}),
        },
        "yaxis2": {"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    }


def _log_ticks(limits: tuple[float, float]) -> str | int:
    """Return plotly's `dtick` of a logarithmic axis: 1, 2 and 5 of few decades, else whole decades, seven at most."""
    span = limits[1] - limits[0]
    return "D2" if span < 2 else max(1, math.ceil(span / 7))


def unit_label(unit: Message | None, words: Language) -> str:
    """Return what an axis is labelled with; nothing for a pure number."""
    return "" if unit is None else plot_text(words.say(unit))


def _add_curve(figure: go.Figure, curve: Curve, words: Language) -> None:
    color, dash = curve.style or palette.color_of(curve.signal)
    values = curve.values
    single = int(np.isfinite(values).sum()) <= 60
    figure.add_scatter(
        x=compact(curve.steps),
        y=compact(values),
        name=plot_text(curve.label or words.signal(curve.signal)),
        mode="lines+markers" if single else "lines",
        line={"color": color, "width": 1.8, "dash": dash},
        marker={"size": 5, "color": color},
        hovertemplate="%{y:.4g}",
        connectgaps=False,
    )


def add_edge_marks(figure: go.Figure, curve: Curve, words: Language, low: float, high: float, log: bool) -> None:
    """Mark at the axis' edges what the curve cannot show: NaN, infinity, zeros on a log axis, far excursions."""
    name = plot_text(curve.label or curve.signal)
    own = (curve.style or palette.color_of(curve.signal))[0]
    for kind, height, symbol, color in (
        ("not finite", 0.97, "x", palette.BAD),
        ("zero", 0.03, "circle-open", own),
    ):
        found = [s for s in curve.stretches if s.kind == kind]
        if found:
            what = words("figure.not_finite" if kind == "not finite" else "figure.zero")
            texts = [
                words("figure.at_step", name=name, what=what, first=s.first)
                if s.first == s.last
                else words("figure.at_steps", name=name, what=what, n=f"{s.count:,}", first=s.first, last=s.last)
                for s in found
            ]
            _add_marks(figure, [s.first for s in found], height, symbol, color, texts)
            for s in found:
                if s.last > s.first and kind == "not finite":
                    figure.add_shape(
                        type="line",
                        x0=s.first,
                        x1=s.last,
                        y0=height,
                        y1=height,
                        yref="paper",
                        line={"color": color, "width": 2},
                    )
    finite = np.isfinite(curve.values)
    steps, values = curve.steps[finite], curve.values[finite]
    scaled = np.log10(values) if log else values
    for outside, height, symbol in (
        (scaled > high, 0.985, "triangle-up"),
        (scaled < low, 0.015, "triangle-down"),
    ):
        if outside.any():
            texts = [
                words("figure.off", name=name, value=number(v), step=s)
                for s, v in zip(steps[outside], values[outside], strict=True)
            ]
            _add_marks(figure, steps[outside].tolist(), height, symbol, own, texts)


def _add_marks(figure: go.Figure, steps: list[int], height: float, symbol: str, color: str, texts: list[str]) -> None:
    figure.add_scatter(
        x=steps,
        y=[height] * len(steps),
        yaxis="y2",
        mode="markers",
        marker={"symbol": symbol, "size": 8, "color": color},
        hovertext=texts,
        hoverinfo="text",
        showlegend=False,
        cliponaxis=False,
    )


def _add_observed(figure: go.Figure, span: Span, words: Language, log: bool) -> None:
    if not _drawable(span.observed, log):
        return
    figure.add_scatter(
        x=[span.first, span.last],
        y=[span.observed, span.observed],
        mode="lines+markers",
        line={"color": palette.EVIDENCE_EDGE, "width": 2.5},
        marker={"symbol": "diamond", "size": 9, "color": palette.EVIDENCE_EDGE},
        name=words("figure.observed"),
        hovertemplate=words("figure.observed") + " %{y:.4g}<extra></extra>",
        showlegend=False,
    )


def _explain(figure: go.Figure, name: str, color: str) -> None:
    """Name a shaded area in the legend."""
    figure.add_scatter(
        x=[None],
        y=[None],
        name=plot_text(name),
        mode="markers",
        marker={"symbol": "square", "size": 12, "color": color},
        hoverinfo="skip",
    )


def add_moments(figure: go.Figure, moments: Sequence[Moment], last_step: int) -> None:
    """Add a line where findings began, labelled above the figure, where the label covers nothing."""
    labelled = -np.inf
    line = {"dash": "dot", "width": 1.2, "color": palette.EVIDENCE_EDGE}
    lines = [
        {"type": "line", "x0": m.step, "x1": m.step, "y0": 0, "y1": 1, "yref": "y domain", "line": line}
        for m in moments[:MOMENTS]
    ]
    # All at once: with add_vline, plotly.py checks every earlier shape again for each new one.
    figure.layout.shapes = [*figure.layout.shapes, *lines]
    for moment in moments[:MOMENTS]:
        if moment.step - labelled > 0.09 * last_step:
            labelled = moment.step
            anchor = "right" if moment.step > 0.85 * last_step else "left"
            _note(figure, moment.step, moment.label, anchor=anchor, color=palette.EVIDENCE_EDGE)


def _note(figure: go.Figure, x: float, text: str, *, anchor: str, color: str) -> None:
    figure.add_annotation(
        x=x,
        y=1.0,
        yref="paper",
        text=plot_text(text),
        showarrow=False,
        xanchor=anchor,
        yanchor="bottom",
        font={"size": 11, "color": color},
    )


def _drawable(value: float, log: bool) -> bool:
    """Whether plotly can place the value: finite, not so large that its arithmetic overflows, above 0 on a log axis."""
    return bool(np.isfinite(value)) and abs(value) < AXIS_MAX and (value > 0 or not log)


def compact(values: np.ndarray) -> np.ndarray:
    """Halve the bytes where nothing visible is lost: 32-bit numbers where they fit."""
    if values.dtype.kind == "i":
        small = len(values) == 0 or (values.min() >= 0 and values.max() < 2**31)
        return values.astype(np.int32) if small else values.astype(np.float64)
    size = np.abs(values[np.isfinite(values) & (values != 0)])
    fits = len(size) == 0 or (size.max() < 1e38 and size.min() > 1e-37)
    return values.astype(np.float32) if fits else values
