"""GD207."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import ObjectiveCard, Run
from support.recorded_runs import probes

RULE = find_rule("GD207")
MakeRun = Callable[..., Run]
Level = float | Callable[[int], float]


def judged(make_run: MakeRun, slope: Level, penalised: bool | None, family: str | None = "wasserstein") -> Finding:
    form = None
    if penalised is not None:
        form = ObjectiveCard(output_low=-1.0, output_high=1.0, penalised=penalised, steps=5)
    signals = {f"d_input_gradient_{where}": probes(slope) for where in ("real", "fake", "between")}
    return RULE.evaluate(make_run(signals, loss_family=family, objective=form))


def rising(s: int) -> float:
    """As a critic of digits that nothing holds was measured."""
    return 0.25 if s < 40 else min(500.0, 20.0 * s / 40)


def test_a_penalty_that_does_not_hold(make_run: MakeRun) -> None:
    finding = judged(make_run, rising, penalised=True)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert finding.causes[0].id == "penalty-not-at-work"


@pytest.mark.parametrize("slope", [0.6, 0.9, 1.1, lambda s: 2.0 if s < 400 else 1.5])
def test_look_alike_a_penalty_at_work(make_run: MakeRun, slope: Level) -> None:
    assert judged(make_run, slope, penalised=True).status is Status.NOT_DETECTED


def test_one_norm_over_the_batch_is_mentioned(make_run: MakeRun) -> None:
    finding = judged(make_run, 0.125, penalised=True)
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].statement.values["batch"] == 64


def test_a_critic_that_nothing_holds(make_run: MakeRun) -> None:
    finding = judged(make_run, rising, penalised=False)
    assert finding.severity is Severity.WARNING
    assert finding.causes[0].id == "no-lipschitz-bound"


def test_a_critic_whose_reals_are_known_late_is_compared_with_its_first_slope_at_samples(make_run: MakeRun) -> None:
    form = ObjectiveCard(output_low=-1.0, output_high=1.0, penalised=False, steps=5)
    late = dict.fromkeys(range(25, 401, 25), 230.0)
    signals = {
        "d_input_gradient_real": late,
        "d_input_gradient_between": late,
        "d_input_gradient_fake": {0: 0.2} | late,
    }
    finding = RULE.evaluate(make_run(signals, loss_family="wasserstein", objective=form))
    assert finding.status is Status.DETECTED
    assert finding.evidence[0].statement.values["before"] == 0.2


@pytest.mark.parametrize("slope", [0.001, 0.02, 0.9, lambda s: 5.0 if s > 100 else 1.0])
def test_look_alike_clipped_weights_and_spectral_normalisation(make_run: MakeRun, slope: Level) -> None:
    assert judged(make_run, slope, penalised=False).status is Status.NOT_DETECTED


@pytest.mark.parametrize("family", ["hinge", "non_saturating", "least_squares"])
def test_look_alike_steep_discriminators_of_other_losses(make_run: MakeRun, family: str) -> None:
    assert judged(make_run, rising, penalised=False, family=family).status is Status.NOT_DETECTED


@pytest.mark.parametrize("family", ["wasserstein", "hinge", None])
def test_a_slope_of_0_with_every_loss(make_run: MakeRun, family: str | None) -> None:
    finding = judged(make_run, lambda s: 0.0 if s > 300 else 0.5, penalised=None, family=family)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert finding.causes[0].id == "no-path-to-input"


def test_what_was_not_seen_is_not_judged(make_run: MakeRun) -> None:
    assert judged(make_run, rising, penalised=None).status is Status.NOT_EVALUATED
    assert judged(make_run, rising, penalised=True, family=None).status is Status.NOT_EVALUATED
    finding: Any = RULE.evaluate(make_run({}, loss_family="wasserstein"))
    assert finding.status is Status.NOT_EVALUATED
