"""Heat maps over steps: one number per layer, and class shares next to those of the real data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from gandoctor.message import Message
from gandoctor.printable import ELLIPSIS
from gandoctor.report.charts import palette
from gandoctor.report.charts.curves import bulk_range
from gandoctor.report.charts.figures import Moment, add_moments, as_json, base_layout, compact
from gandoctor.report.charts.grid import Grid
from gandoctor.report.languages.language import Language
from gandoctor.report.text import plot_text

SCALE = "Viridis"
"""Even to the eye, also to a colour-blind one and in grey; the same in light and dark."""
MARKS = 400
LABEL_MAX = 22


def layer_figure(
    grid: Grid, words: Language, *, last_step: int, unit: Message | None, moments: Sequence[Moment] = ()
) -> dict[str, Any]:
    """Draw positive numbers of layers, the first on top, in colours of their logarithms.

    What has no logarithm is drawn apart: NaN and infinity red with a cross where they begin, zero grey with a ring;
    what was not recorded stays empty.

    Args:
        grid: Rows in the order of the forward pass.
        words: The language of the labels.
        last_step: Right end of the step axis.
        unit: Of the values; None for a pure number.
        moments: Where findings began.

    Returns:
        Plotly's JSON: "data" and "layout".
    """
    names = _labels(grid.members)
    positive = grid.values > 0
    scaled = np.full(grid.values.shape, np.nan)
    scaled[positive] = np.log10(grid.values[positive])
    figure = go.Figure(layout=_heat_layout(grid, names, words, last_step))
    low, high = bulk_range(scaled[positive], np.empty(0)) if positive.any() else (-1.0, 0.0)
    if high - low < 1:  # a decade at least: noise must not look like a difference
        low, high = (low + high - 1) / 2, (low + high + 1) / 2
    figure.add_heatmap(
        **_cells(grid, names, scaled),
        colorscale=SCALE,
        zmin=low,
        zmax=high,
        hovertemplate=_hover(words("heat.at", name="%{y}", value="%{customdata[0]:.3g}", step="%{customdata[1]}")),
        colorbar={
            **_COLORBAR,
            "title": {
                "text": "" if unit is None else plot_text(words.say(unit)),
                "side": "right",
                "font": {"size": 11},
            },
            "dtick": max(1, round((high - low) / 6)),
            "tickprefix": "10<sup>",
            "ticksuffix": "</sup>",
        },
    )
    for kind, where, symbol, color in (
        ("not_finite", grid.lost, "x", palette.BAD),
        ("zero", ~grid.lost & ~positive & np.isfinite(grid.values), "circle-open", palette.ZERO),
    ):
        if where.any():
            _add_apart(figure, grid, names, where, words, kind, symbol, color)
    add_moments(figure, moments, last_step)
    return as_json(figure)


def share_figure(
    grid: Grid, real: Mapping[str, float], words: Language, *, last_step: int, moments: Sequence[Moment] = ()
) -> dict[str, Any]:
    """Draw the shares of classes over steps, and in a column to the left those of the real data.

    Args:
        grid: One row a class, shares 0..1.
        real: Class -> its share in the real data; empty where that is not known.
        words: The language of the labels.
        last_step: Right end of the step axis.
        moments: Where findings began.
    """
    names = _labels(grid.members)
    layout = _heat_layout(grid, names, words, last_step)
    if real:
        layout["xaxis"]["domain"] = [0.13, 1]
        layout["yaxis"]["anchor"] = "x2"
        layout["xaxis2"] = {
            "domain": [0, 0.1],
            "tickvals": [0],
            "ticktext": [plot_text(words("heat.real"))],
            "tickangle": 0,
            "fixedrange": True,
            "linecolor": palette.GRID,
            "showgrid": False,
            "zeroline": False,
        }
    figure = go.Figure(layout=layout)
    shares = [real.get(member, 0.0) for member in grid.members]
    top = float(np.nanmax([*shares, *grid.values.ravel(), 1e-9]))
    scale = {"colorscale": SCALE, "zmin": 0, "zmax": top}
    figure.add_heatmap(
        **_cells(grid, names, grid.values),
        **scale,
        hovertemplate=_hover(words("heat.at", name="%{y}", value="%{z:.1%}", step="%{customdata[1]}")),
        colorbar={**_COLORBAR, "tickformat": ".0%"},
    )
    if real:
        figure.add_heatmap(
            x=[0],
            y=names,
            z=[[share] for share in shares],
            xaxis="x2",
            **scale,
            showscale=False,
            hovertemplate=_hover(words("heat.of_real", name="%{y}", value="%{z:.1%}")),
        )
    add_moments(figure, moments, last_step)
    return as_json(figure)


_COLORBAR = {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 11}, "xpad": 6, "ypad": 0}


def _heat_layout(grid: Grid, names: Sequence[str], words: Language, last_step: int) -> dict[str, Any]:
    layout = base_layout(words, last_step, (0, 1), False, None, legend=False)
    del layout["yaxis2"]
    layout["margin"] |= {"t": 24, "r": 4}
    layout["hovermode"] = "closest"
    layout["xaxis"]["showgrid"] = False
    layout["yaxis"] = {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": list(names),
        "range": [len(names) - 0.5, -0.5],
        "tickvals": list(names),
        "ticktext": [plot_text(_short(member)) for member in grid.members],
        "tickfont": {"size": 11},
        "linecolor": palette.GRID,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "title": {"text": ""},
    }
    return layout


def _cells(grid: Grid, names: Sequence[str], colors: np.ndarray) -> dict[str, Any]:
    return {
        "x": grid.edges,
        "y": list(names),
        "z": compact(colors),
        "customdata": compact(np.stack([grid.values, grid.at.astype(np.float64)], axis=-1)),
        "hoverongaps": False,
    }


def _add_apart(
    figure: go.Figure,
    grid: Grid,
    names: Sequence[str],
    where: np.ndarray,
    words: Language,
    kind: str,
    symbol: str,
    color: str,
) -> None:
    """Fill the cells that have no place on the scale, and mark the first of every row of them."""
    said = words(f"figure.{kind}")
    figure.add_heatmap(
        x=grid.edges,
        y=list(names),
        z=np.where(where, 1.0, np.nan).astype(np.float32),
        colorscale=[[0, color], [1, color]],
        showscale=False,
        hoverongaps=False,
        hoverinfo="skip",
    )
    starts = where & ~np.pad(where, ((0, 0), (1, 0)))[:, :-1]
    rows, columns = (found[:MARKS] for found in np.nonzero(starts))
    figure.add_scatter(
        x=compact(grid.centres[columns]),
        y=[names[row] for row in rows],
        mode="markers",
        marker={"symbol": symbol, "size": 7, "color": palette.ON_FILL, "line": {"width": 1.5}},
        hovertext=[
            words("figure.at_step", name=names[row], what=said, first=grid.at[row, column])
            for row, column in zip(rows, columns, strict=True)
        ],
        hoverinfo="text",
        showlegend=False,
    )


def _labels(members: Sequence[str]) -> list[str]:
    """Members fit to show, each different from the others."""
    seen: dict[str, int] = {}
    labels = []
    for member in members:
        label = plot_text(member)
        seen[label] = seen.get(label, 0) + 1
        labels.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return labels


def _short(name: str) -> str:
    return name if len(name) <= LABEL_MAX else ELLIPSIS + name[1 - LABEL_MAX :]


def _hover(told: str) -> str:
    return f"{told}<extra></extra>"
