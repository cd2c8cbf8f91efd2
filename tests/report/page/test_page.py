"""The page: says everything, trusts nothing, needs no network, is the same every time, and is quick for long runs."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.errors import GandoctorError
from gandoctor.report import plotly_js, render_html, render_markdown, write_report
from gandoctor.report.charts import palette
from gandoctor.report.languages.language import language
from gandoctor.report.page import facts, layers, page
from gandoctor.report.page.filmstrip import Filmstrip, Frame
from gandoctor.report.page.findings import observation, slider_marks
from gandoctor.report.page.sections import all_sections
from gandoctor.rules import MODEL_CARD, Evidence, Severity
from gandoctor.store import Run, RunWriter, load_run
from support.report_page import Page
from support.report_runs import (
    EVIL,
    FIXES,
    detected,
    make_diagnosis,
    make_manifest,
    make_rule,
    title_of,
    write_run,
)


@pytest.fixture
def shown(failing: Diagnosis) -> Page:
    return Page(render_html(failing))


def test_the_top_answers_what_since_when_why_and_what_to_change(shown: Page) -> None:
    top = shown.text.partition("What is wrong")[0]
    assert "✕ Failing Discriminator loss at zero since step 540" in top
    for part in (
        "steps 1,000",
        "seed 7 with --fault 'd lr' Copy as issue",
        "1 more warning 1 passed 1 check failed to run 1 not checked",
        "Since step 540 Evidence The median of d_loss over steps 540 to 1000 is 0.006, below 0.05.",
        "real data: ",
        "Change this",
    ):
        assert part in top, part
    for fact in ("State completed", "Steps 1,000 of 1,000 planned", "Loss family non-saturating (inferred)", "Seed 7"):
        assert fact in shown.text
    assert "Started 2026-01-02 03:04 UTC" in shown.text


@pytest.mark.parametrize(
    ("created", "told"),
    [
        ("2026-11-23T19:41:15+0000", "2026-11-23 19:41 UTC"),
        ("2026-11-23T19:41:15.123Z", "2026-11-23 19:41 UTC"),
        ("2026-11-23T19:41:15+02:00", "2026-11-23T19:41:15+02:00"),
    ],
)
def test_start_is_told_to_the_minute(run_of: Callable[..., Run], created: str, told: str) -> None:
    assert ("Started", told) in facts.facts(run_of([], created=created), language("en"))


def test_a_finding_shows_evidence_causes_fixes_and_references(shown: Page) -> None:
    text = shown.text
    for part in (
        "Since step 540 , last seen at step 1000",
        "Hypotheses, not verdicts",
        "How to tell: Halve its rate; d_loss should rise in 100 steps.",
        "gan.d_optimizer = keras.optimizers.RMSprop(learning_rate=4e-4)",
        "gandoctor run --set discriminator.learning_rate=4e-4",
        "Evidence: Salimans et al. 2016",
    ):
        assert part in text, part
    assert "https://arxiv.org/abs/1701.04862" in shown.attributes("href")
    assert {"GD301-0", "GD301-1", "GD004-0", "losses", "gradient-norms", "other-0"} <= set(shown.data["charts"])


def test_every_outcome_is_listed_with_its_reason(shown: Page) -> None:
    checks = shown.text.partition("What was checked, what was not, and why")[2]
    for part in (
        f"GD403 {title_of('GD403')} the check failed ValueError: broken on purpose",
        f"GD001 {title_of('GD001')} not detected Looked for in d_loss and not found.",
        f"GD401 {title_of('GD401')} not checked sample_kid was not recorded.",
        "d_holdout_score no holdout_data was given",
        "step 420: fault – name: discriminator-learning-rate",
    ):
        assert part in checks, part


def test_marks_of_findings_that_begin_together_do_not_overlap() -> None:
    frames = tuple(Frame(step, "", 1, 1) for step in range(0, 1001, 50))
    marks = slider_marks(Filmstrip(frames, 21, ()), [(300, "a"), (310, "b"), (360, "c"), (900, "d"), (5_000, "e")])
    assert [m["index"] for m in marks] == [6, 7, 8, 18, 20]
    assert [m["row"] for m in marks] == [0, 1, 2, 0, 1]


def test_model_card_flags_the_layer_a_finding_names(shown: Page) -> None:
    card = shown.text.partition("Model card")[2]
    flag = f"! warning GD004 {title_of('GD004')}"
    assert f"Dropout batch × 12544 rate 0.4 dropout_1 {flag} Conv2DTranspose" in card
    assert "gandoctor run --preset quick --fault 'd lr'" in card


def test_model_card_tells_order_wrappers_reach_losses_and_data(shown: Page) -> None:
    card = shown.text.partition("Model card")[2]
    for part in (
        "Values at the limits 81.0% at the minimum, 0.7% at the maximum",
        "Distinct probe images 255",
        "Keras loss BinaryCrossentropy, from_logits true (attribute .loss_fn)",
        "Takes batch × 100.",
        "Its output can be any number (conv2d_transpose_3).",
        "Its layers are listed as declared, not as called: it is not built.",
        "SpectralNormalization(Conv2D) normed/conv",
    ):
        assert part in card, part


def test_a_card_that_does_not_say_why_its_order_is_the_declared_one(failing: Diagnosis) -> None:
    card = failing.run.manifest.discriminator
    assert card is not None
    manifest = failing.run.manifest.model_copy(update={"discriminator": card.model_copy(update={"order_note": None})})
    view = layers.players(SimpleNamespace(manifest=manifest), (), language("en"))[1]  # type: ignore[arg-type]
    assert view.notes == ("Its layers are listed as declared, not as called.",)


def flagged(layer: layers.LayerView) -> list[str]:
    return [finding.rule.id for finding in layer.flags]


def test_evidence_that_lists_its_layers_marks_those_and_no_namesakes(failing: Diagnosis) -> None:
    statement = "The generator drops most of its units in dropout_1."
    named = ("generator/dropout_1", "discriminator/normed/conv")
    evidence = Evidence(MODEL_CARD, 0.9, 0.7, 0, 0, statement, layers=named)
    diagnosis = Diagnosis(failing.run, (detected(make_rule("GD103"), evidence),))
    generator, discriminator = layers.players(failing.run, diagnosis.detected, language("en"))
    assert [(x.name, flagged(x)) for x in generator.layers if x.flags] == [("dropout_1", ["GD103"])]
    assert [(x.name, flagged(x)) for x in discriminator.layers if x.flags] == [("normed/conv", ["GD103"])]
    assert observation(evidence, language("en")) == "model card: observed 0.9, threshold 0.7"
    assert "model card: observed 0.9" in render_markdown(diagnosis)


def test_a_layer_is_a_box_with_what_matters_and_a_link_to_the_worst_finding_about_it(failing: Diagnosis) -> None:
    card = failing.run.manifest.discriminator
    assert card is not None
    settings = {"filters": 64, "kernel_size": [5, 5], "strides": [2, 2], "activation": "linear", "use_bias": True}
    card = card.model_copy(deep=True)
    card.layers[0].settings = {**settings, "epsilon": 0.001, "momentum": 0.9}
    manifest = failing.run.manifest.model_copy(update={"discriminator": card})
    named = ("discriminator/normed/conv",)
    findings = tuple(
        detected(make_rule(id_, severity=severity), Evidence(MODEL_CARD, 1, None, 0, 0, "Odd.", layers=named))
        for id_, severity in (("GD102", Severity.WARNING), ("GD101", Severity.CRITICAL))
    )
    run: Any = SimpleNamespace(manifest=manifest)
    box, dropout = layers.players(run, findings, language("en"))[1].layers
    assert box.options == (("filters", "64"), ("kernel_size", "5 × 5"), ("strides", "2 × 2"), ("momentum", "0.9"))
    assert (box.has_weights, dropout.has_weights) == (True, False)
    assert (box.severity, dropout.severity) == ("critical", "")
    assert flagged(box) == ["GD101", "GD102"]


def test_a_layer_says_what_it_is_given_where_that_is_not_the_one_before(failing: Diagnosis) -> None:
    card = failing.run.manifest.generator
    assert card is not None
    card = card.model_copy(deep=True)
    card.layers[2].inputs, card.layers[3].inputs, card.layers[4].inputs = (-1,), (0, 2), ()
    manifest = failing.run.manifest.model_copy(update={"generator": card})
    view = layers.players(SimpleNamespace(manifest=manifest), (), language("en"))[0]  # type: ignore[arg-type]
    assert [layer.given for layer in view.layers] == [
        *("", "", "given the network's input", "given dense_1 and re_lu_1", "")
    ]


def test_every_section_has_its_place_its_template_and_its_word() -> None:
    sections = all_sections()
    assert len({section.id for section in sections}) == len({section.place for section in sections}) == len(sections)
    folder = Path(page.__file__).parents[1] / "templates" / "sections"
    templates = {path.name.partition(".")[0] for path in folder.iterdir()}
    assert {section.id for section in sections} == templates
    assert {f"tab.{section.tab}" for section in sections if section.tab is not None} <= set(language("en").words)


def test_every_link_inside_the_page_has_its_target_and_ids_are_unique(shown: Page) -> None:
    ids = shown.attributes("id")
    assert len(ids) == len(set(ids))
    assert {h[1:] for h in shown.attributes("href") if h.startswith("#")} <= set(ids)
    assert set(shown.attributes("data-chart")) == set(shown.data["charts"])


def test_headings_descend_one_level_at_a_time(shown: Page) -> None:
    levels = [int(tag[1]) for tag, _ in shown.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_nothing_is_fetched(shown: Page) -> None:
    policy = next(a["content"] for t, a in shown.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert all(source.startswith("data:") for source in shown.attributes("src"))
    assert not [a for t, a in shown.elements if t == "link" and not a["href"].startswith("data:")]
    assert len(shown.scripts) == 3
    assert shown.attributes("id").count("plotly-js") == 1


def test_the_same_run_gives_the_same_page(failing_run: Run) -> None:
    first = render_html(make_diagnosis(failing_run))
    assert first == render_html(make_diagnosis(load_run(failing_run.path)))


def test_a_hostile_run_directory_never_gets_markup_into_the_page(hostile: Diagnosis) -> None:
    words = EVIL.replace("\u202e", "")
    fix = replace(
        FIXES["lower-d-lr"],
        title=words,
        snippets={"keras": words},
        explanation=words,
        reference=words,
        patch={words: words},
    )
    findings = tuple(replace(finding, treatments=(fix,)) for finding in hostile.checks)
    hostile = replace(hostile, checks=findings)
    html = render_html(hostile)
    shown = Page(html)
    assert len(shown.scripts) == 3
    assert shown.scripts[2] == plotly_js.packed()
    assert shown.scripts[1] == page.page_script()
    assert not [name for _, attrs in shown.elements for name in attrs if name.startswith("on")]
    assert {a.get("id") for t, a in shown.elements if t == "img"} == {"last-sheet", "film-image"}
    assert "\u202e" not in html
    assert "alert('evil')" in shown.text
    html.encode()
    names = [trace["name"] for chart in shown.data["charts"].values() for trace in chart["data"] if "name" in trace]
    assert not [name for name in names if "<" in name]
    assert "Unreadable contact sheets, left out: step 20." in shown.text
    assert "0009.arrows is unreadable" in shown.text


def test_a_hostile_run_directory_does_not_swell_the_page(hostile: Diagnosis) -> None:
    assert len(render_html(hostile)) < 6_000_000


def nothing_found(run: Run) -> Diagnosis:
    return Diagnosis(run, ())


def test_run_without_a_single_step(run_of: Callable[..., Run]) -> None:
    shown = Page(render_html(nothing_found(run_of([], reason=None))))
    assert "No step was recorded, so there is nothing to draw." in shown.text
    assert "No rule was run." in shown.text
    assert shown.data["charts"] == {}
    assert "film-slider" not in shown.attributes("id")


def test_run_of_one_step(run_of: Callable[..., Run]) -> None:
    shown = Page(render_html(nothing_found(run_of([{"d_loss": 0.7, "g_grad_norm": 0.0}]))))
    assert "d_loss starts at 0.7 (step 1) and ends at 0.7 (step 1)" in shown.text
    assert shown.data["charts"]["losses"]["data"][0]["mode"] == "lines+markers"


def test_run_of_nan_only(run_of: Callable[..., Run]) -> None:
    run = run_of([{"d_loss": math.nan, "g_loss": math.inf}] * 20)
    finding = detected(make_rule(), Evidence("d_loss", math.nan, None, 1, 20, "d_loss is NaN from step 1."))
    shown = Page(render_html(Diagnosis(run, (finding,))))
    assert "d_loss is not finite (NaN or infinite) at all 20 recorded steps." in shown.text
    assert "Crosses at the top mark steps whose value is NaN or infinite." in shown.text


def test_manifest_that_knows_nothing(run_of: Callable[..., Run]) -> None:
    nothing = dict.fromkeys(
        ("target", "seed", "planned_steps", "loss_family", "data", "latent", "generator", "discriminator")
    )
    empty: dict[str, Any] = {"config": {}, "versions": {}, "cadence": {}, "missing": {}, "command": [], "created": ""}
    shown = Page(render_html(nothing_found(run_of([{"d_loss": 1.0}] * 3, **nothing, **empty))))
    assert "Loss family not known" in shown.text
    assert "The loss family is not known, so no equilibrium is drawn." in shown.text
    assert "The run holds no model card." in shown.text


@pytest.mark.parametrize(
    ("reason", "told"),
    [(None, "State interrupted"), ("interrupted", "State interrupted"), ("crashed", "State crashed")],
)
def test_a_run_that_did_not_complete_says_so(
    run_of: Callable[..., Run], reason: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gandoctor.store.run.is_alive", lambda *_: False)
    shown = Page(render_html(nothing_found(run_of([{"d_loss": 1.0}] * 3, reason=reason))))
    assert told in shown.text


def test_findings_without_a_recorded_signal_or_a_fix_are_still_told(run_of: Callable[..., Run]) -> None:
    rule = make_rule("GD101", treatments=())
    finding = detected(rule, Evidence("model card", 1.0, None, 0, 0, "Batch norm after the output."))
    shown = Page(render_html(Diagnosis(run_of([{"d_loss": 1.0}] * 3), (finding,))))
    assert "Batch norm after the output." in shown.text
    assert "No treatment is known for this failure mode." in shown.text


def test_broken_null_bands_are_a_gap(failing: Diagnosis, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Run) -> None:
        raise ValueError("odd reals")

    monkeypatch.setattr("gandoctor.measures.null.null_bands", broken)
    shown = Page(render_html(failing))
    assert (
        "There is no green band: how your real data score could not be measured (ValueError: odd reals)." in shown.text
    )


def test_null_band_is_drawn_for_sample_statistics(shown: Page) -> None:
    for name in ("sample-autocorrelation", "GD301-1"):
        shapes = shown.data["charts"][name]["layout"]["shapes"]
        assert [s["y0"] < s["y1"] for s in shapes if s.get("fillcolor") == palette.BAND] == [True], name
    assert "Green band: what your own real data score" in shown.text


@pytest.mark.parametrize("family", ["minimax", "non_saturating", "least_squares", "hinge", "wasserstein"])
def test_every_loss_family_has_its_equilibrium_told(run_of: Callable[..., Run], family: str) -> None:
    html = render_html(nothing_found(run_of([{"d_loss": 1.0, "g_loss": 1.0}] * 3, loss_family=family)))
    assert "quilibrium" in Page(html).text.partition("Losses and their equilibrium")[2].partition("In words")[0]


def long_run(folder: Path, rows: int) -> Run:
    """A run of `rows` steps with six signals, written as one would find it, without a million Python rows."""
    RunWriter(folder, make_manifest(planned_steps=rows)).close("completed")
    rng = np.random.default_rng(0)
    names = ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm", "d_real_score", "d_fake_score")
    columns = {name: rng.random(rows) for name in names}
    columns["d_loss"][rows // 3] = math.nan
    columns["g_loss"][rows // 2] = 1e9
    table = pa.table({"step": np.arange(1, rows + 1), "time": np.arange(rows) / 10.0, **columns})
    with pa.ipc.new_stream(folder / "signals" / "0000.arrows", table.schema) as stream:
        stream.write_table(table, max_chunksize=65_536)
    return load_run(folder)


def test_a_million_steps_stay_light_and_lose_nothing(tmp_path: Path) -> None:
    run = long_run(tmp_path / "run", 1_000_000)
    html = render_html(nothing_found(run))
    assert len(html) < 6_000_000
    losses = Page(html).data["charts"]["losses"]
    told = [text for trace in losses["data"] for text in trace.get("hovertext", [])]
    assert "d_loss: NaN or infinite, step 333334" in told
    assert "g_loss off the axis: 1e9 at step 500001" in told


def test_report_is_written_atomically(failing: Diagnosis, tmp_path: Path) -> None:
    output = tmp_path / "report.html"
    output.write_text("old")
    assert write_report(failing, output) == output
    assert output.read_text(encoding="utf-8") == render_html(failing)
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_failed_write_keeps_the_old_report(
    failing: Diagnosis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    output = tmp_path / "report.html"
    output.write_text("old")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(GandoctorError, match="No space left on device"):
        write_report(failing, output)
    assert output.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]


@pytest.mark.parametrize("name", [".", "missing/report.html"])
def test_a_bad_output_is_one_clear_error(failing: Diagnosis, tmp_path: Path, name: str) -> None:
    with pytest.raises(GandoctorError, match=r"folder|cannot be written"):
        write_report(failing, tmp_path / name)


def test_the_real_rules_reports_render(tmp_path: Path) -> None:
    from gandoctor.diagnosis import diagnose

    run = write_run(tmp_path / "run", steps=400)
    shown = Page(render_html(diagnose(run)))
    assert "GD301" in shown.text
