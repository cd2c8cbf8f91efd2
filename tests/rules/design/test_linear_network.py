"""GD118."""

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
    NORM,
    act,
    card,
    judged,
    named,
    transpose,
)

MakeRun = Callable[..., Run]


def of(make_run: MakeRun, generator: PlayerCard = GENERATOR, discriminator: PlayerCard = DISCRIMINATOR) -> Finding:
    return judged("GD118", make_run({}, generator=generator, discriminator=discriminator, real_count=0))


@pytest.mark.parametrize(
    "network",
    [
        card(DENSE, DENSE, DENSE),
        card(DENSE, NORM, "Reshape", transpose(), act("tanh")),
        card(DENSE, NORM, "Dropout", ("Dense", {"activation": "sigmoid"})),
        card("Flatten", DENSE, DENSE, act("sigmoid")),
        card(DENSE, ("Dense", {"activation": "linear"}), DENSE),
    ],
    ids=["table", "images", "activation of its own", "probability", "linear"],
)
def test_a_network_that_is_one_linear_map(make_run: MakeRun, network: PlayerCard) -> None:
    generator, discriminator = of(make_run, generator=network), of(make_run, discriminator=network)
    for finding in (generator, discriminator):
        assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)
    assert "stretch, turn and shift the noise" in str(generator.evidence[0].statement)
    assert "one plane" in str(discriminator.evidence[0].statement)
    assert all(name.startswith("discriminator/") for name in named(discriminator))


@pytest.mark.parametrize(
    "network",
    [
        card(DENSE),
        card(DENSE, act("sigmoid")),
        card(DENSE, LEAKY, DENSE),
        card(DENSE, DENSE, LEAKY, DENSE),
        card(("Dense", {"activation": "relu"}), DENSE),
        card(DENSE, ("OfMyOwn", {}), DENSE),
        card(DENSE, ("ops.Maximum", {}), DENSE),  # an activation by hand
        card(CONV, ("MaxPooling2D", {}), CONV),
        card(DENSE, ("LayerNormalization", {}), DENSE),
        # A gate: values times something of their own.
        card(DENSE, DENSE, ("Multiply", {}, (0, 1)), DENSE),
    ],
    ids=["one", "logistic", "usual", "pair", "own", "custom", "by hand", "pooling", "norm", "gate"],
)
def test_look_alikes(make_run: MakeRun, network: PlayerCard) -> None:
    assert of(make_run, network, network).status is Status.NOT_DETECTED


def test_an_order_that_is_not_known_is_not_judged(make_run: MakeRun) -> None:
    unknown = GENERATOR.model_copy(update={"order": "declared"})
    assert of(make_run, unknown).status is Status.NOT_EVALUATED


def test_an_activation_whose_values_are_returned_beside_the_score_is_no_output_activation(make_run: MakeRun) -> None:
    features = card(CONV, LEAKY, "Flatten", DENSE, outputs=(3, 1))
    run = make_run({}, generator=GENERATOR, discriminator=features, real_count=0)
    assert judged("GD118", run).status is Status.NOT_DETECTED
