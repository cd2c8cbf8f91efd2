"""GD027, on runs in memory."""

from __future__ import annotations

from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Manifest
from gandoctor.store.run import Run
from support.recorded_runs import every_step

RULE, GOALS = find_rule("GD027"), find_rule("GD008")


def run_of(**signals: Any) -> Run:
    return Run.from_signals(
        {name: every_step(value, stop=300) if isinstance(value, float) else value for name, value in signals.items()},
        Manifest(planned_steps=300, loss_family="non_saturating", loss_family_source="inferred"),
    )


def judged(**signals: Any) -> Finding:
    return RULE.evaluate(run_of(**signals))


def test_fakes_that_are_made_once() -> None:
    finding = judged(stale_fake_share=1.0)
    assert finding.severity is Severity.CRITICAL
    assert (finding.evidence[0].first_step, finding.evidence[0].last_step) == (1, 300)


def test_a_first_step_that_made_them_is_no_excuse() -> None:
    steps = dict.fromkeys(range(2, 301), 1.0)
    finding = judged(stale_fake_share=steps, fake_score_pull_in_d_step={1: -1.0})
    assert finding.severity is Severity.CRITICAL


def test_fakes_that_are_new_from_some_step_on_are_a_warning() -> None:
    finding = judged(stale_fake_share={step: 1.0 if step < 200 else 0.0 for step in range(1, 301)})
    assert (finding.severity, finding.last_step) == (Severity.WARNING, 199)


@pytest.mark.parametrize(
    "signals",
    [
        {"stale_fake_share": 0.0},  # changed on their way, or from a pool
        {"stale_fake_share": dict.fromkeys(range(1, 10), 1.0)},  # nine steps
        {"fake_score_pull_in_d_step": -1.0},  # just made
        {"stale_fake_share": {3: 1.0}, "fake_score_pull_in_d_step": -1.0},
    ],
)
def test_what_is_no_such_fault(signals: dict[str, Any]) -> None:
    assert judged(**signals).status is Status.NOT_DETECTED


def test_what_was_not_seen_is_not_judged() -> None:
    assert judged(d_loss=0.5).status is Status.NOT_EVALUATED


def test_losses_of_stale_fakes_do_not_bound_each_other() -> None:
    """Both are low: without the fakes' being stale, that is two players with one goal."""
    both_low = {"d_loss": 1e-3, "g_loss": 1e-3, "d_real_score": 1.0, "d_fake_score": 1.0}
    assert GOALS.evaluate(run_of(**both_low)).status is Status.DETECTED
    assert GOALS.evaluate(run_of(**both_low, stale_fake_share=1.0)).status is Status.NOT_EVALUATED
    assert GOALS.evaluate(run_of(**both_low, stale_fake_share=0.0)).status is Status.DETECTED
