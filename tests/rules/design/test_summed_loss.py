"""GD112; tests/monitors/test_loss_forms.py has it found in a training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import ObjectiveCard, PlayerCard, Run

RULE = find_rule("GD112")
MakeRun = Callable[..., Run]


def judged(make_run: MakeRun, is_sum: bool | None, optimizer: str = "Adam") -> Finding:
    form = ObjectiveCard(is_sum=is_sum, output_low=-1.0, output_high=1.0, steps=5)
    return RULE.evaluate(make_run({}, objective=form, generator=PlayerCard(name="g", optimizer={"type": optimizer})))


@pytest.mark.parametrize(("optimizer", "severity"), [("Adam", Severity.INFO), ("SGD", Severity.WARNING)])
def test_a_sum_is_told_and_warned_of_where_nothing_divides_it_out(
    make_run: MakeRun, optimizer: str, severity: Severity
) -> None:
    finding = judged(make_run, True, optimizer)
    assert (finding.status, finding.severity) == (Status.DETECTED, severity)


def test_a_mean_is_sound_and_an_unknown_loss_is_not_judged(make_run: MakeRun) -> None:
    assert judged(make_run, False).status is Status.NOT_DETECTED
    assert judged(make_run, None).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
