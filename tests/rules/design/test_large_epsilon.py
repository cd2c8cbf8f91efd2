"""GD119."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run
from gandoctor.treatments.changes.layers import LARGE_EPSILON
from support.design_cards import (
    DENSE,
    DISCRIMINATOR,
    GENERATOR,
    LEAKY,
    Spec,
    act,
    card,
    facts,
    judged,
    named,
)

MakeRun = Callable[..., Run]


def norm(epsilon: float, kind: str = "BatchNormalization") -> Spec:
    return (kind, {"epsilon": epsilon})


def of(make_run: MakeRun, generator: PlayerCard = GENERATOR, discriminator: PlayerCard = DISCRIMINATOR) -> Finding:
    return judged("GD119", make_run({}, generator=generator, discriminator=discriminator, real_count=0))


def test_a_momentum_given_for_epsilon(make_run: MakeRun) -> None:
    generator = card(DENSE, LEAKY, DENSE, norm(0.8), LEAKY, DENSE, norm(1e-5), LEAKY, DENSE, act("tanh"))
    finding = of(make_run, generator)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert named(finding) == {"generator/batchnormalization"}
    assert facts(finding)["left"] == pytest.approx(1 / 3)
    assert "(batchnormalization)" in str(finding.evidence[0].statement)


@pytest.mark.parametrize("kind", ["BatchNormalization", "LayerNormalization", "InstanceNorm2d"])
def test_every_kind_and_player(make_run: MakeRun, kind: str) -> None:
    finding = of(make_run, discriminator=card(DENSE, norm(0.1, kind), LEAKY, DENSE))
    assert finding.status is Status.DETECTED
    assert finding.evidence[0].threshold == LARGE_EPSILON


@pytest.mark.parametrize("epsilon", [1e-5, 1e-3, 0.02])
def test_look_alikes(make_run: MakeRun, epsilon: float) -> None:
    network = card(DENSE, norm(epsilon), LEAKY, DENSE)
    assert of(make_run, network, network).status is Status.NOT_DETECTED


def test_a_setting_that_is_no_number_says_nothing(make_run: MakeRun) -> None:
    network = card(DENSE, ("BatchNormalization", {"epsilon": None}), ("BatchNormalization", {"epsilon": "0.8"}), DENSE)
    assert of(make_run, network).status is Status.NOT_DETECTED
