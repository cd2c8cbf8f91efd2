"""GD011; tests/monitors/test_loss_forms.py has it found in trainings."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import ObjectiveCard, Run
from support.recorded_runs import every_step, probes
from support.said import values_of

RULE = find_rule("GD011")
MakeRun = Callable[..., Run]


def form(labels: str | None) -> ObjectiveCard:
    return ObjectiveCard(labels=labels, output_low=-1.0, output_high=1.0, steps=5)


def test_crossed_labels_are_critical_and_say_what_became_of_it(make_run: MakeRun) -> None:
    signals = {"d_loss": every_step(0.25), "d_auc": probes(0.43)}
    finding = RULE.evaluate(make_run(signals, objective=form("crossed")))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    said = values_of(finding.evidence[0].statement)
    assert (said["steps"], said["loss"], said["auc"]) == (5, 0.25, 0.43)


def test_it_is_judged_without_scores(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, objective=form("crossed"))).status is Status.DETECTED


def test_own_labels_are_sound_and_an_unknown_loss_is_not_judged(make_run: MakeRun) -> None:
    for labels in ("own", "same"):  # the latter are GD008
        assert RULE.evaluate(make_run({}, objective=form(labels))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run({}, objective=form(None))).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
