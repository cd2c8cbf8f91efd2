"""The report says in words what stopped a run and which generator was kept."""

import pytest

from gandoctor.report.languages.language import language
from gandoctor.report.page.guards import guard_facts
from gandoctor.store import Manifest, RunWriter, load_run

GUARD = {
    "guard": "StopOnFinding", "finding": "GD301", "title": "<b>The loss</b>", "severity": "critical", "patience": 2,
}  # fmt: skip
KEEPER = {
    "keeper": "BestGenerator", "metric": "sample_kid", "value": 0.0123, "mode": "min",
    "path": "best_generator.weights.h5",
}  # fmt: skip


@pytest.fixture
def writer(tmp_path):
    writer = RunWriter(tmp_path, Manifest())
    for step, value in enumerate([0.9, 0.5, 0.0123, float("nan"), 0.3]):
        writer.record(step * 10, {"sample_kid": value})
    writer.flush()
    yield writer
    writer.close("completed")  # the open segment


def facts(writer, code="en"):
    return dict(guard_facts(load_run(writer.path), language(code)))


def test_a_run_no_guard_touched_says_nothing(writer):
    writer.close("stopped")
    assert facts(writer) == {}


def test_what_stopped_the_run(writer):
    writer.event("guard", 40, **GUARD)
    writer.close("stopped")
    text = facts(writer)["stopped"]
    assert text.startswith("at step 40 by StopOnFinding: GD301 ")
    assert text.endswith("(critical), detected in 2 checks in a row")


def test_what_the_command_stopped_it_for(writer):
    writer.close("stopped", why="GD001 critical")
    assert facts(writer)["stopped"] == "at step 40 because of GD001 critical"


def test_a_run_that_went_on_after_a_stop_was_not_stopped(writer):
    writer.event("guard", 40, **GUARD)
    writer.close("stopped")
    writer.reopen()
    writer.close("completed")
    assert facts(writer) == {}


@pytest.mark.parametrize(("mode", "word"), [("min", "lowest"), ("max", "highest")])
def test_which_generator_was_kept_and_why(writer, mode, word):
    writer.event("checkpoint", 10, **KEEPER | {"value": 0.5})
    writer.event("checkpoint", 20, **KEEPER | {"mode": mode})
    text = facts(writer)["best_generator"]
    assert text.startswith("step 20, where sample_kid was 0.0123")
    assert f"the {word} of 3 probes" in text, "of those after training began that gave a number"
    assert "best_generator.weights.h5" in text


def test_other_checkpoints_and_damaged_ones_are_survived(writer):
    writer.event("checkpoint", 10, path="mine")
    assert facts(writer) == {}
    writer.event("checkpoint", 10, keeper="BestGenerator", value="high", metric=["x"])
    assert "?" in facts(writer, "zh")["best_generator"]
