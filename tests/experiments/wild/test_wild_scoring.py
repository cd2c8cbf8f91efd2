"""Scores of the corpus: what counts as named rightly, as silent and as wrong."""

import pytest

from gandoctor.experiments.wild.catalogue import Case
from gandoctor.experiments.wild.scoring import Scored, false_alarms, totals, totals_by


def a_case(name="one", kind="loss", **fields):
    said = (
        {"right": ("GD008", "labels-disagree"), "symptoms": ("GD301",), "must_not": ("GD104",)}
        if kind != "fine"
        else {}
    )
    known = {"data": "image", "game": "gan", "style": "fit", "source": "https://example.org", "saw": "a", "cause": "b"}
    return Case(name=name, kind=kind, seen="c", **{**known, **said, **fields})


def scored(findings=(), causes=(), verdict="failing", severity="critical", **fields):
    judgement = {
        "verdict": verdict,
        "findings": [[rule, severity] for rule in findings],
        "causes": [[cause, 0.5] for cause in causes],
    }
    return Scored(a_case(**fields), judgement)


@pytest.mark.parametrize(
    ("findings", "causes", "first", "cause_first", "among", "silent", "wrong"),
    [
        (["GD008"], [], True, True, True, False, False),
        (["GD301"], ["labels-disagree"], True, True, True, False, False),
        (["GD301"], ["GD104", "labels-disagree"], True, False, True, False, False),
        (["GD404", "GD303", "GD008"], ["GD104"], False, False, True, False, False),
        (["GD404", "GD303", "GD402", "GD008"], ["GD104"], False, False, False, False, True),
        (["GD404"], [], False, False, False, False, True),
        ([], [], False, False, False, True, False),
    ],
)
def test_what_is_said_is_scored_by_its_place(findings, causes, first, cause_first, among, silent, wrong):
    one = scored(findings, causes)
    assert (one.is_first, one.is_cause_first, one.is_among, one.is_silent, one.is_wrong) == (
        first,
        cause_first,
        among,
        silent,
        wrong,
    )


def test_what_must_not_be_said_counts_as_finding_and_as_cause():
    assert scored(["GD104"]).forbidden == ["GD104"]
    assert scored(["GD008"], ["GD008", "GD104"]).forbidden == ["GD104"]
    assert scored(["GD008"]).forbidden == []


def test_a_program_of_which_nothing_was_recorded_is_silent_and_not_healthy():
    one = Scored(a_case(), {"outcome": "failed", "error": "Nothing was recorded."})
    assert one.is_silent
    assert not one.is_first
    assert totals("all", [one]).healthy.hits == 0


def test_totals_count_by_group():
    runs = [
        scored(["GD008"]),
        scored([], verdict="healthy"),
        scored(["GD404"], kind="data"),
    ]
    every = totals("all", runs)
    assert (every.first.hits, every.silent.hits, every.wrong.hits, every.healthy.hits) == (1, 1, 1, 1)
    assert every.first.of == 3
    by_kind = {one.group: one.first for one in totals_by(runs, lambda case: case.kind)}
    assert (by_kind["loss"].hits, by_kind["loss"].of, by_kind["data"].hits, by_kind["data"].of) == (1, 2, 0, 1)


def test_only_critical_findings_are_critical_false_alarms():
    fine = [
        scored(["GD301"], kind="fine"),
        scored(["GD402"], severity="warning", kind="fine"),
        scored([], verdict="healthy", kind="fine"),
        Scored(a_case(kind="fine"), {"outcome": "failed"}),
    ]
    alarms = false_alarms(fine)
    assert (alarms.critical.hits, alarms.warning.hits, alarms.unrecorded.hits, alarms.critical.of) == (1, 2, 1, 4)
