"""GD016."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run
from support.design_cards import DENSE, UNIT, act, card

RULE = find_rule("GD016")
MakeRun = Callable[..., Run]
PROBES = range(0, 401, 25)


def judged(
    make_run: MakeRun, gradient: Callable[[int], float], score: float = 1.0, end: str | None = "sigmoid"
) -> Finding:
    specs = (DENSE, UNIT, *([act(end)] if end else ()))
    series = {
        "d_grad_norm": {step: gradient(step) for step in range(1, 401)},
        "d_real_score": dict.fromkeys(PROBES, score),
        "d_fake_score": dict.fromkeys(PROBES, score),
    }
    return RULE.evaluate(make_run(series, discriminator=card(*specs)))


def test_scores_at_one_and_no_gradient_is_found(make_run: MakeRun) -> None:
    finding = judged(make_run, lambda step: 0.5 if step < 100 else 0.0)
    assert (finding.status, finding.severity, finding.first_step) == (Status.DETECTED, Severity.CRITICAL, 100)


@pytest.mark.parametrize(
    ("gradient", "score", "end"),
    [
        (lambda step: 0.0, 1.0, "sigmoid"),  # never had one: GD002
        (lambda step: 0.5, 1.0, "sigmoid"),
        (lambda step: 0.5 if step < 100 else 0.0, 0.99, "sigmoid"),
        (lambda step: 0.5 if step < 100 else 0.0, 1.0, None),
        (lambda step: 0.0 if 100 < step < 390 else 0.5, 1.0, "sigmoid"),  # it came back
    ],
)
def test_look_alikes_are_not(
    make_run: MakeRun, gradient: Callable[[int], float], score: float, end: str | None
) -> None:
    assert judged(make_run, gradient, score, end).status is Status.NOT_DETECTED


def test_without_scores_it_is_not_judged(make_run: MakeRun) -> None:
    run = make_run({"d_grad_norm": {1: 0.0}}, discriminator=card(UNIT, act("sigmoid")))
    assert RULE.evaluate(run).status is Status.NOT_EVALUATED
