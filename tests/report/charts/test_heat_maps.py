"""Heat maps: logarithmic colours, NaN and zero drawn apart, classes beside the real data's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from report_page import numbers

from gandoctor.report.charts import palette
from gandoctor.report.charts.grid import Grid, grid_of
from gandoctor.report.charts.heat_maps import layer_figure, share_figure
from gandoctor.report.languages.language import language
from gandoctor.signals import units

EN = language("en")


def grid(**rows: list[float]) -> Grid:
    return grid_of({name: pd.Series(row, index=np.arange(1, len(row) + 1) * 10) for name, row in rows.items()})


def layers(found: Grid) -> dict[str, Any]:
    return layer_figure(found, EN, last_step=40, unit=units.L2_NORM)


def test_colours_are_logarithms_and_the_first_layer_is_on_top() -> None:
    figure = layers(grid(first=[1e-4, 1e-3], last=[1e2, 1e-1]))
    (heat,) = figure["data"]
    np.testing.assert_allclose(numbers(heat["z"]), [[-4, -3], [2, -1]], rtol=1e-6)
    assert (heat["zmin"], heat["zmax"]) == (-4, 2)
    assert heat["y"] == ["first", "last"]
    assert figure["layout"]["yaxis"]["range"] == [1.5, -0.5]
    assert numbers(heat["customdata"])[1, 0].tolist() == pytest.approx([100, 10])
    assert heat["hovertemplate"] == "%{y}: %{customdata[0]:.3g}, step %{customdata[1]}<extra></extra>"


def test_nan_and_zero_are_drawn_apart_with_a_mark_where_they_begin() -> None:
    nan = float("nan")
    figure = layers(grid(a=[1, nan, nan, 1, float("inf")], b=[0, 0, 1, 1, 1]))
    heat, lost, crosses, zero, rings = figure["data"]
    assert np.isnan(numbers(heat["z"])).tolist() == [[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]]
    assert np.isnan(numbers(lost["z"])).tolist() == [[1, 0, 0, 1, 0], [1, 1, 1, 1, 1]]
    assert np.isnan(numbers(zero["z"])).tolist() == [[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    assert {color for _, color in lost["colorscale"]} == {palette.BAD}
    assert {color for _, color in zero["colorscale"]} == {palette.ZERO}
    assert (crosses["marker"]["symbol"], rings["marker"]["symbol"]) == ("x", "circle-open")
    assert crosses["hovertext"] == ["a: NaN or infinite, step 20", "a: NaN or infinite, step 50"]
    assert rings["hovertext"] == ["b: 0 or below, step 10"]
    assert numbers(crosses["x"]).tolist() == [20, 50]


def test_a_spike_does_not_take_the_colours_of_all_others() -> None:
    values = np.geomspace(0.01, 1, 150)
    (heat,) = layers(grid(a=[*values, 1e200]))["data"]
    assert heat["zmin"] == pytest.approx(-2)
    assert heat["zmax"] < 5


@pytest.mark.parametrize("row", [[float("nan")] * 3, [0.0] * 3, [1.0] * 3])
def test_layers_without_a_range_are_drawn(row: list[float]) -> None:
    heat = layers(grid(a=row))["data"][0]
    assert heat["zmax"] - heat["zmin"] == pytest.approx(1)


def test_long_names_are_cut_on_the_axis_only_and_names_differ() -> None:
    name = "generator/block_7/conv2d_transpose_12"
    found = grid_of({m: pd.Series([1.0], index=[1]) for m in (name, "x" * 130, "x" * 140, "<b>")})
    figure = layers(found)
    labels = figure["data"][0]["y"]
    assert labels[0] == name
    assert len(set(labels)) == 4
    assert labels[3] == "&lt;b&gt;"
    ticks = figure["layout"]["yaxis"]["ticktext"]
    assert ticks[0] == "…7/conv2d_transpose_12"
    assert max(map(len, ticks)) == 22


def test_shares_stand_beside_those_of_the_real_data() -> None:
    found = grid(**{"0": [0.9, 0.8], "1": [0.1, 0.2]})
    over_time, real = share_figure(found, {"0": 0.4, "1": 0.6}, EN, last_step=20)["data"]
    assert numbers(real["z"]).tolist() == [[0.4], [0.6]]
    assert (over_time["zmin"], over_time["zmax"]) == (real["zmin"], real["zmax"]) == (0, 0.9)
    assert real["xaxis"] == "x2"
    assert len(share_figure(found, {}, EN, last_step=20)["data"]) == 1
