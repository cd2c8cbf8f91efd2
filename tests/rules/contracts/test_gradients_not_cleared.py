"""GD017; `tests/monitors/test_torch_left_over.py` has loops that leave gradients over."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run

MakeRun = Callable[..., Run]
RULE = find_rule("GD017")


def judged(make_run: MakeRun, player: str, norm: Callable[[int], float], updates: int = 20) -> Finding:
    steps = range(1, updates + 1)
    norms = {"d": dict.fromkeys(steps, 0.0), "g": dict.fromkeys(steps, 0.0), player: {s: norm(s) for s in steps}}
    return RULE.evaluate(make_run({f"{name}_grad_left_over": series for name, series in norms.items()}))


@pytest.mark.parametrize("player", ["d", "g"])
def test_a_gradient_that_is_left_over_is_found(make_run: MakeRun, player: str) -> None:
    finding = judged(make_run, player, lambda step: 0.0 if step == 1 else 0.5)
    assert (finding.status, finding.severity, finding.first_step) == (Status.DETECTED, Severity.CRITICAL, 2)
    assert finding.evidence[0].observed == 0.5


@pytest.mark.parametrize("norm", [lambda step: 0.0, lambda step: 0.5 if step in (1, 9) else 0.0])
def test_clean_updates_and_a_rare_one_are_none(make_run: MakeRun, norm: Callable[[int], float]) -> None:
    assert judged(make_run, "d", norm).status is Status.NOT_DETECTED


def test_too_few_updates_are_none(make_run: MakeRun) -> None:
    assert judged(make_run, "d", lambda step: 0.5, updates=4).status is Status.NOT_DETECTED


def test_frameworks_that_keep_no_gradients_are_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
