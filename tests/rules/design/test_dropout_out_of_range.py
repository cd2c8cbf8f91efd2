"""GD103."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run
from support.design_cards import (
    CONV,
    DENSE,
    DISCRIMINATOR,
    GENERATOR,
    LEAKY,
    UNIT,
    act,
    card,
    drop,
    facts,
    judged,
    named,
    transpose,
)

MakeRun = Callable[..., Run]


def of(make_run: MakeRun, generator: PlayerCard = GENERATOR, discriminator: PlayerCard = DISCRIMINATOR) -> Finding:
    return judged("GD103", make_run({}, generator=generator, discriminator=discriminator, real_count=0))


def judge(*rates: float) -> PlayerCard:
    return card(*(layer for rate in rates for layer in (CONV, LEAKY, drop(rate))), "Flatten", UNIT)


@pytest.mark.parametrize(
    ("rate", "severity"),
    [(0.65, Severity.INFO), (0.7, Severity.WARNING), (0.85, Severity.WARNING), (0.9, Severity.CRITICAL)],
)
def test_high_rates(make_run: MakeRun, rate: float, severity: Severity) -> None:
    finding = of(make_run, discriminator=judge(0.3, rate))
    assert finding.severity is severity
    assert named(finding) == {"discriminator/dropout_1"}
    assert facts(finding) | {"layer": "dropout_1", "rate": rate} == facts(finding)


def test_what_is_left_of_several(make_run: MakeRun) -> None:
    finding = of(make_run, discriminator=judge(0.9, 0.9))
    assert facts(finding)["kept"] == pytest.approx(0.01)
    assert str(finding.evidence[0].statement) == (
        "The discriminator drops most of its units in dropout (0.9) and dropout_1 (0.9): a share of 0.01 passes "
        "through all of them. The article advises 0.3 to 0.6, on weak evidence."
    )


def test_both_players_are_looked_at(make_run: MakeRun) -> None:
    generator = card(DENSE, LEAKY, ("SpatialDropout2D", {"rate": 0.8}), transpose(), act("tanh"))
    finding = of(make_run, generator, judge(0.9))
    assert named(finding) == {"generator/spatialdropout2d", "discriminator/dropout"}
    assert finding.severity is Severity.CRITICAL


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.4, 0.6])
def test_usual_rates_and_none(make_run: MakeRun, rate: float) -> None:
    assert of(make_run, discriminator=judge(rate, rate)).status is Status.NOT_DETECTED


def test_not_evaluated_and_damaged_settings(make_run: MakeRun) -> None:
    declared = DISCRIMINATOR.model_copy(update={"order": "declared"})
    assert of(make_run, discriminator=declared).status is Status.NOT_EVALUATED
    odd = card(CONV, ("Dropout", {"rate": "most"}), ("Dropout", {}), "Flatten", UNIT)
    assert of(make_run, discriminator=odd).status is Status.NOT_DETECTED
