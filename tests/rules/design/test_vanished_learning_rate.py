"""GD117."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run

RULE = find_rule("GD117")
MakeRun = Callable[..., Run]
STEPS = range(0, 1001, 25)


def rates(make_run: MakeRun, rate: Callable[[int], float], player: str = "g") -> Run:
    other = "d" if player == "g" else "g"
    rates = {player: {step: rate(step) for step in STEPS}, other: dict.fromkeys(STEPS, 2e-4)}
    return make_run({f"{name}_learning_rate": series for name, series in rates.items()})


@pytest.mark.parametrize("player", ["g", "d"])
def test_a_schedule_that_counts_batches_for_epochs_is_found(make_run: MakeRun, player: str) -> None:
    finding = RULE.evaluate(rates(make_run, lambda step: 2e-4 * 0.5 ** (step / 20), player))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert finding.first_step == 200
    assert finding.evidence[0].signal == f"{player}_learning_rate"


@pytest.mark.parametrize(
    "rate",
    [
        lambda step: 2e-4,
        lambda step: 2e-4 * (1 - step / 1000),  # to zero at the end
        lambda step: 2e-4 * (0.1 if step > 300 else 1),
        lambda step: 2e-4 * (0.0 if step < 600 else 1),  # warm-up
        lambda step: 0.0,  # a player that stands still
        lambda step: 0.0 if 200 < step < 900 else 2e-4,  # it came back
    ],
)
def test_schedules_that_are_meant_are_none(make_run: MakeRun, rate: Callable[[int], float]) -> None:
    assert RULE.evaluate(rates(make_run, rate)).status is Status.NOT_DETECTED


def test_without_a_rate_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
