"""GD109. The numbers are those of real runs of the quick preset."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import Run
from support.design_cards import facts, judged
from support.recorded_runs import every_step, probes

MakeRun = Callable[..., Run]


def signals(real: float, fake: float, first_loss: float, late_gap: float | None = None) -> dict[str, Any]:
    found = {
        "d_real_logit": {0: real} | probes(3.0),
        "d_fake_logit": {0: fake} | probes(-1.0),
        "d_loss": every_step(lambda s: first_loss if s == 1 else 0.4),
    }
    return found if late_gap is None else found | {"d_logit_gap": {0: real - fake} | probes(late_gap)}


def of(make_run: MakeRun, recorded: dict[str, Any], **fields: Any) -> Finding:
    return judged("GD109", make_run(recorded, real_count=0, **fields))


def test_150_steps_alone(make_run: MakeRun) -> None:
    finding = of(make_run, signals(15.5, -22.0, 0.0))
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (0, 1)
    assert facts(finding) == {"real": 15.5, "fake": -22.0, "loss": 0.0, "equilibrium": pytest.approx(math.log(2))}
    assert of(make_run, signals(15.5, -22.0, 0.0, late_gap=30.0)).severity is Severity.WARNING


def test_one_that_the_generator_has_caught_up_with(make_run: MakeRun) -> None:
    finding = of(make_run, signals(15.5, -22.0, 0.0, late_gap=3.0))
    assert finding.severity is Severity.INFO
    assert facts(finding)["gap"] == 3.0


def test_labels_the_other_way_round(make_run: MakeRun) -> None:
    assert of(make_run, signals(-15.5, 22.0, 0.0), real_is_high=False).status is Status.DETECTED
    assert of(make_run, signals(-15.5, 22.0, 0.0), real_is_high=True).status is Status.NOT_DETECTED


@pytest.mark.parametrize(
    ("family", "real", "fake", "loss"), [("least_squares", 0.98, 0.03, 0.001), ("hinge", 1.4, -1.2, 0.05)]
)
def test_other_families(make_run: MakeRun, family: str, real: float, fake: float, loss: float) -> None:
    assert of(make_run, signals(real, fake, loss), loss_family=family).status is Status.DETECTED
    assert of(make_run, signals(0.02, 0.01, 0.5), loss_family=family).status is Status.NOT_DETECTED


@pytest.mark.parametrize(
    ("real", "fake", "loss"),
    [(0.017, 0.021, 0.82), (40.0, 0.05, 0.36), (-40.0, 0.05, 20.0), (9.0, 4.0, 2.0), (3.0, -3.0, 0.6)],
    ids=["untrained", "pixels to 255", "pixels to 255, other side", "both on one side", "a loss that disagrees"],
)
def test_look_alikes(make_run: MakeRun, real: float, fake: float, loss: float) -> None:
    assert of(make_run, signals(real, fake, loss)).status is Status.NOT_DETECTED


def test_resumed_runs_and_other_gaps_are_not_evaluated(make_run: MakeRun) -> None:
    resumed = signals(15.5, -22.0, 0.0)
    resumed["d_real_logit"] = {500: 15.5}
    resumed["d_fake_logit"] = {500: -22.0}
    assert facts(of(make_run, resumed)) == {"step": 500}
    late = signals(15.5, -22.0, 0.0) | {"d_loss": every_step(0.4, start=10)}
    assert str(of(make_run, late).reason) == "No loss of the first steps was recorded."
    assert of(make_run, signals(15.5, -22.0, 0.0), loss_family="wasserstein").status is Status.NOT_EVALUATED
    assert facts(of(make_run, {"d_loss": every_step(0.4)})) == {"signal": "d_real_logit"}
