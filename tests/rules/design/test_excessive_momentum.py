"""GD120."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.rules.design.excessive_momentum import LIMITS
from gandoctor.store import PlayerCard, Run
from support.design_cards import DISCRIMINATOR, GENERATOR, facts, judged

MakeRun = Callable[..., Run]
ADAM: dict[str, Any] = {"type": "Adam", "learning_rate": 2e-4, "beta_1": 0.5, "beta_2": 0.999}


def of(make_run: MakeRun, generator: dict[str, Any], discriminator: dict[str, Any]) -> Finding:
    def with_optimizer(card: PlayerCard, settings: dict[str, Any]) -> PlayerCard:
        return card.model_copy(update={"optimizer": settings})

    cards = {
        "generator": with_optimizer(GENERATOR, generator),
        "discriminator": with_optimizer(DISCRIMINATOR, discriminator),
    }
    return judged("GD120", make_run({}, real_count=0, **cards))


def test_a_momentum_that_remembers_too_long(make_run: MakeRun) -> None:
    finding = of(make_run, {**ADAM, "beta_1": 0.99}, ADAM)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    (evidence,) = finding.evidence
    assert (evidence.observed, evidence.threshold) == (0.99, LIMITS.excessive)
    assert facts(finding)["steps"] == pytest.approx(69, abs=0.1)
    assert "generator's" in str(evidence.statement)
    assert "exchanged" not in str(evidence.statement)


def test_betas_that_were_exchanged(make_run: MakeRun) -> None:
    finding = of(make_run, ADAM, {**ADAM, "beta_1": 0.999, "beta_2": 0.5})
    (evidence,) = finding.evidence
    assert "Its beta_2 is 0.5, which is less" in str(evidence.statement)


@pytest.mark.parametrize("type_", ["SGD", "RMSprop"])
def test_the_momentum_of_other_optimizers(make_run: MakeRun, type_: str) -> None:
    settings = {"type": type_, "learning_rate": 1e-3, "momentum": 0.95}
    assert len(of(make_run, settings, settings).evidence) == 2


@pytest.mark.parametrize(
    "settings",
    [
        ADAM,
        {**ADAM, "beta_1": 0.9},
        {**ADAM, "beta_1": 0.0, "beta_2": 0.9},
        {"type": "SGD", "learning_rate": 0.1, "momentum": 0.9},
        {"type": "SGD", "learning_rate": 0.1, "momentum": None},
        {**ADAM, "beta_1": "0.99"},
        {**ADAM, "beta_1": 1.0},
    ],
)
def test_look_alikes(make_run: MakeRun, settings: dict[str, Any]) -> None:
    assert of(make_run, settings, settings).status is Status.NOT_DETECTED


def test_settings_that_are_not_known(make_run: MakeRun) -> None:
    assert of(make_run, {}, {}).status is Status.NOT_EVALUATED
