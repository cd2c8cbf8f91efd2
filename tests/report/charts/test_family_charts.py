"""Charts of families: layers in the order of the model card, in words and a table; old runs show what they showed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.report import render_html
from gandoctor.report.charts.chart_list import PANELS, Panel
from gandoctor.report.charts.chart_view import ChartView
from gandoctor.report.charts.family_charts import family_chart
from gandoctor.report.charts.run_charts import Charts
from gandoctor.report.languages.language import language
from gandoctor.rules import Evidence
from gandoctor.store import Run
from support.report_page import Page
from support.report_runs import detected, make_rule

EN = language("en")
CHARTS = {panel.chart.id: panel for panels in PANELS.values() for panel in panels}
NORM = "g_layer_grad_norm"


def drawn(run: Run, panel: Panel) -> ChartView:
    view = family_chart(panel, Diagnosis(run, ()), EN, ())
    assert view is not None
    return view


def absent_from(run: Run) -> dict[str, str]:
    groups = Charts(Diagnosis(run, ()), EN).groups()
    return {title: why for group in groups for titles, why in group.absent for title in titles}


def rows(nan: bool = False) -> list[dict[str, float | None]]:
    values: list[dict[str, float | None]] = [
        {f"{NORM}/re_lu_9": 1.0, f"{NORM}/conv2d_transpose_3": 2.0, f"{NORM}/dense_1": 0.5 / step} for step in (1, 2, 3)
    ]
    if nan:
        values[1][f"{NORM}/dense_1"] = float("nan")
        values[2][f"{NORM}/re_lu_9"] = 0.0
    return values


def test_layers_are_in_the_order_of_the_model_card_then_those_that_are_not_on_it(run_of: Callable[..., Run]) -> None:
    view = drawn(run_of(rows()), CHARTS["g-layer-gradients"])
    assert view.figure["data"][0]["y"] == ["dense_1", "conv2d_transpose_3", "re_lu_9"]
    assert view.words == (
        "At step 3, of 3 layers conv2d_transpose_3 has the largest value, 2, and dense_1 the smallest, 0.1667.",
    )
    assert view.table is not None
    assert view.table.rows[0] == ("dense_1", "0.5 (step 1)", "0.1667 (step 3)", "0.1667 (step 3)", "0.5 (step 1)", "–")


def test_nan_and_zero_layers_are_told(run_of: Callable[..., Run]) -> None:
    view = drawn(run_of(rows(nan=True)), CHARTS["g-layer-gradients"])
    assert "1 layer was NaN or infinite at some time: dense_1, first at step 2." in view.words[0]
    assert "1 layer was exactly zero at some time: re_lu_9, first at step 3." in view.words[0]
    assert len(view.notes) == 2
    assert view.table is not None
    assert view.table.rows[0][-1] == "once, at step 2"


def test_a_layer_of_nan_alone_has_no_numbers(run_of: Callable[..., Run]) -> None:
    view = drawn(run_of([{f"{NORM}/dense_1": float("nan")}]), CHARTS["g-layer-gradients"])
    assert view.table is not None
    assert view.table.rows == (("dense_1", "–", "–", "–", "–", "once, at step 1"),)


def test_shares_are_told_beside_those_of_digits_only(
    run_of: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of([{"sample_class_share/0": 0.25, "sample_class_share/1": 0.75}])
    assert drawn(run, CHARTS["class-shares"]).words == ("Shares at step 1: 0 25%, 1 75%.",)
    probabilities = np.eye(10)[[0, 1, 1, 1]]
    monkeypatch.setattr("gandoctor.measures.digits.real_probabilities", lambda run: probabilities)
    view = drawn(run, CHARTS["class-shares"])
    assert view.words == ("Shares at step 1, in brackets those of the real data: 0 25% (25%), 1 75% (75%).",)
    assert view.figure["data"][1]["z"] == [[0.25], [0.75]]


def test_quantiles_that_are_not_all_there_are_no_chart(run_of: Callable[..., Run]) -> None:
    run = run_of([{"d_real_logit_quantile/50": 1.0}])
    assert family_chart(CHARTS["logit-spread"], Diagnosis(run, ()), EN, ()) is None
    assert absent_from(run)["Spread of the logits"] == "Not recorded in this run."


def test_an_old_run_shows_what_it_showed_and_says_what_it_lacks(run_of: Callable[..., Run]) -> None:
    run = run_of([{"d_real_logit": 1.0, "my/own": 2.0}])
    shown = Page(render_html(Diagnosis(run, ())))
    assert {"logits", "other-0"} == set(shown.data["charts"])
    titles = ("Spread of the logits", "Gradient norms of the generator's layers", "Digits among the samples")
    assert {absent_from(run)[title] for title in titles} == {"Not recorded in this run."}


def test_charts_that_lack_data_for_one_reason_are_told_together(run_of: Callable[..., Run]) -> None:
    shown = Page(render_html(Diagnosis(run_of([{"d_real_logit": 1.0}]), ())))
    assert shown.text.count("Not recorded in this run.") == len(Charts(Diagnosis(run_of([]), ()), EN).groups())


def test_a_finding_on_a_family_shows_its_heat_map(run_of: Callable[..., Run]) -> None:
    evidence = Evidence(NORM, 1e-4, 1e-2, 2, 3, "The gradient is lost on its way to dense_1.")
    shown = Page(render_html(Diagnosis(run_of(rows()), (detected(make_rule("GD201"), evidence),))))
    charts: dict[str, Any] = shown.data["charts"]
    assert charts["GD201-0"]["data"][0]["type"] == "heatmap"
    assert set(shown.attributes("data-chart")) == set(charts)
