"""Figures hold what they promise: span, threshold, observed value, marks for what the axis cannot show."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gandoctor.report.charts import palette
from gandoctor.report.charts.chart_list import PANELS, Level
from gandoctor.report.charts.curves import thin
from gandoctor.report.charts.figures import Moment, Span
from gandoctor.report.charts.figures import line_figure as draw
from gandoctor.report.languages.language import language
from gandoctor.signals import FAMILIES, SIGNALS, member_of

EN = language("en")


def line_figure(curves: list[Any], **options: Any) -> dict[str, Any]:
    return draw(curves, EN, **options)


def curve(values: list[float], name: str = "d_loss", log: bool = False) -> Any:
    index = pd.RangeIndex(1, len(values) + 1)
    return thin(pd.Series(np.array(values, float), index=index, name=name), EN, log)


def shapes(figure: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [s for s in figure["layout"].get("shapes", []) if s["type"] == kind]


def labels(figure: dict[str, Any]) -> list[str]:
    return [a["text"] for a in figure["layout"].get("annotations", [])]


def test_evidence_is_shaded_threshold_and_observed_are_drawn() -> None:
    figure = line_figure(
        [curve([0.5] * 100)], last_step=100, levels=[Level(0.05, "threshold 0.05")], spans=[Span(40, 90, 0.01)]
    )
    (span,) = shapes(figure, "rect")
    assert (span["x0"], span["x1"], span["fillcolor"]) == (40, 90, palette.EVIDENCE)
    level = next(t for t in figure["data"] if t["name"] == "threshold 0.05")
    assert (level["y"], level["line"]["dash"]) == ([0.05, 0.05], "dash")
    assert figure["layout"]["showlegend"]
    observed = next(t for t in figure["data"] if t["name"] == "observed")
    assert (observed["x"], observed["y"]) == ([40, 90], [0.01, 0.01])
    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 0.01 < 0.5 < high


def test_a_threshold_is_named_in_the_legend_where_it_covers_nothing() -> None:
    figure = line_figure([curve([1.0, 10.0], log=True)], last_step=2, log=True, levels=[Level(100.0, "limit")])
    assert labels(figure) == []
    assert [t["name"] for t in figure["data"] if t.get("showlegend", True)] == ["discriminator loss", "limit"]
    assert figure["layout"]["yaxis"]["range"][1] > 2.0


def test_every_chart_has_one_step_axis_and_zooms_along_it_only() -> None:
    layouts = [line_figure([curve(v)], last_step=90)["layout"] for v in ([1.0, 2.0], [1e-6, 5e9])]
    assert layouts[0]["xaxis"]["range"] == layouts[1]["xaxis"]["range"]
    assert layouts[0]["margin"]["l"] == layouts[1]["margin"]["l"]
    assert all(layout["yaxis"]["fixedrange"] for layout in layouts)


def test_a_band_that_reaches_below_zero_fills_a_logarithmic_axis_to_its_end() -> None:
    figure = line_figure([curve([0.1, 100.0], log=True)], last_step=2, log=True, band=(-0.07, 0.14))
    (band,) = shapes(figure, "rect")
    assert 0 < band["y0"] < band["y1"] == 0.14
    assert band["y0"] == pytest.approx(10 ** figure["layout"]["yaxis"]["range"][0])


def test_non_finite_and_zero_steps_are_marked() -> None:
    figure = line_figure([curve([1.0, math.nan, math.inf, 0.0, 2.0], log=True)], last_step=5, log=True)
    marks = {t["marker"]["symbol"]: t for t in figure["data"] if t.get("yaxis") == "y2"}
    assert marks["x"]["x"] == [2]
    assert marks["x"]["hovertext"] == ["d_loss: NaN or infinite, 2 steps, 2 to 3"]
    assert marks["circle-open"]["x"] == [4]


def test_a_spike_off_the_axis_is_marked() -> None:
    values = list(np.linspace(0, 1, 200))
    values[100] = 1e30
    figure = line_figure([curve(values)], last_step=200)
    (mark,) = [t for t in figure["data"] if t.get("yaxis") == "y2"]
    assert mark["marker"]["symbol"] == "triangle-up"
    assert mark["hovertext"] == ["d_loss off the axis: 1e30 at step 101"]


def test_band_moments_and_warm_up() -> None:
    figure = line_figure(
        [curve([0.5] * 100)],
        last_step=100,
        band=(0.8, 0.9),
        warm_up=15,
        moments=[Moment(20, "GD301"), Moment(21, "GD401"), Moment(80, "GD403")],
    )
    colors = [s["fillcolor"] for s in shapes(figure, "rect")]
    assert colors == [palette.BAND, palette.WARM_UP]
    assert [s["x0"] for s in shapes(figure, "line")] == [20, 21, 80]
    assert {(a["y"], a["yanchor"]) for a in figure["layout"]["annotations"]} == {(1.0, "bottom")}  # above the plot
    assert "warm-up" in [t.get("name") for t in figure["data"]]
    assert labels(figure) == ["GD301", "GD403"]  # GD401 would lie on top of GD301


def test_values_beyond_32_bits_survive() -> None:
    figure = line_figure([curve([1e300, 1e-300])], last_step=2)
    assert figure["data"][0]["y"]["dtype"] == "f8"


def test_every_colour_has_a_dark_one() -> None:
    light = {v for k, v in vars(palette).items() if k.isupper() and isinstance(v, str)}
    assert light == set(palette.IN_DARK)
    figure = line_figure(
        [curve([math.nan, 1.0, 2.0])],
        last_step=3,
        band=(0, 1),
        warm_up=1,
        spans=[Span(1, 2, 1.0)],
        levels=[Level(1, "")],
    )
    text = str(figure)
    used = set(re.findall(r"'(#[0-9a-fA-F]{6}|rgba\([^']*\))'", text)) - {"rgba(0,0,0,0)"}
    assert used
    assert used <= set(palette.IN_DARK)


def test_every_signal_has_exactly_one_chart() -> None:
    charted = [name for panels in PANELS.values() for panel in panels for name in panel.signals]
    assert sorted(charted) == sorted(set(charted))
    assert set(charted) == {*SIGNALS, *FAMILIES}


def test_curves_of_one_chart_can_be_told_apart_without_their_order() -> None:
    for panels in PANELS.values():
        for panel in panels:
            styles = [palette.color_of(name) for name in panel.signals]
            assert len(set(styles)) == len(styles), panel.chart.id


def test_a_signal_outside_the_vocabulary_has_the_colour_of_its_player() -> None:
    assert palette.color_of("g_my_own") == (palette.GENERATOR, "solid")
    assert palette.color_of("my_own") == (palette.PLAIN, "solid")
    assert palette.color_of(member_of("d_fake_logit_quantile", "50")) == (palette.FAKE, "dot")
