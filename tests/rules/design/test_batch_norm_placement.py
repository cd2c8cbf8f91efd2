"""GD101."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import ObjectiveCard, PlayerCard, Run
from support.design_cards import (
    CONV,
    DENSE,
    DISCRIMINATOR,
    GENERATOR,
    LEAKY,
    NORM,
    UNIT,
    Spec,
    act,
    card,
    facts,
    judged,
    named,
    transpose,
)

MakeRun = Callable[..., Run]


def of(
    make_run: MakeRun, generator: PlayerCard | None = GENERATOR, discriminator: PlayerCard | None = DISCRIMINATOR
) -> Finding:
    return judged("GD101", make_run({}, generator=generator, discriminator=discriminator, real_count=0))


@pytest.mark.parametrize(
    ("end", "where", "layers"),
    [
        (
            (NORM, act("tanh")),
            "The generator has batch normalisation (batchnormalization_1) right before its output activation "
            "activation (tanh)",
            {"activation"},
        ),
        (
            (act("tanh"), NORM),
            "The generator has batch normalisation (batchnormalization_1) after its output activation activation "
            "(tanh)",
            {"activation"},
        ),
        ((NORM,), "The generator ends in batch normalisation (batchnormalization_1)", set()),
        (
            (NORM, "Flatten", act("tanh"), ("Rescaling", {"scale": 2.0, "offset": 0.0})),
            "The generator has batch normalisation (batchnormalization_1) right before its output activation "
            "activation (tanh)",
            {"activation"},
        ),
    ],
)
def test_on_the_generators_output(make_run: MakeRun, end: tuple[Spec, ...], where: str, layers: set[str]) -> None:
    finding = of(make_run, card(DENSE, NORM, LEAKY, transpose(), *end))
    assert finding.severity is Severity.WARNING, "some programs train with it"
    assert str(finding.evidence[0].statement.values["where"]) == where
    assert named(finding) == {f"generator/{name}" for name in ({"batchnormalization_1"} | layers)}


def test_behind_an_activation_that_is_an_argument(make_run: MakeRun) -> None:
    finding = of(make_run, card(DENSE, transpose(activation="tanh"), NORM))
    assert facts(finding)["activation"] == "conv2dtranspose (tanh)"
    assert named(finding) == {"generator/batchnormalization", "generator/conv2dtranspose"}


def test_at_the_discriminators_input(make_run: MakeRun) -> None:
    for before in (
        (),
        (("Rescaling", {"scale": 2.0, "offset": -1.0}),),
        (("RandomFlip", {}),),
        (("GaussianNoise", {}),),
    ):
        finding = of(make_run, discriminator=card(*before, NORM, CONV, LEAKY, "Flatten", UNIT))
        assert finding.severity is Severity.WARNING
        assert named(finding) == {"discriminator/batchnormalization"}


def test_on_the_discriminators_own_output(make_run: MakeRun) -> None:
    for end in ((NORM,), (NORM, act("sigmoid"))):
        finding = of(make_run, discriminator=card(CONV, LEAKY, "Flatten", UNIT, *end))
        assert finding.severity is Severity.CRITICAL
        assert str(finding.evidence[0].statement).endswith(
            "real and generated images in separate batches then get the same mean score."
        )


def test_healthy_and_its_look_alikes(make_run: MakeRun) -> None:
    assert of(make_run).status is Status.NOT_DETECTED
    radford = card(CONV, LEAKY, CONV, NORM, LEAKY, "Flatten", UNIT)
    assert of(make_run, discriminator=radford).status is Status.NOT_DETECTED
    before_last_weights = card(DENSE, NORM, act("relu"), transpose(), NORM, LEAKY, transpose(), act("tanh"))
    assert of(make_run, before_last_weights).status is Status.NOT_DETECTED
    other = card(("LayerNormalization", {}), CONV, LEAKY, ("GroupNormalization", {}), "Flatten", UNIT)
    assert of(make_run, discriminator=other).status is Status.NOT_DETECTED
    # The generator's input is noise; normalising it is odd and harmless.
    assert of(make_run, card(NORM, DENSE, transpose(), act("tanh"))).status is Status.NOT_DETECTED


@pytest.mark.parametrize("penalised", [True, False])
def test_beside_a_gradient_penalty_the_critic_may_not_normalise_batches(make_run: MakeRun, penalised: bool) -> None:
    objective = ObjectiveCard(output_low=-1.0, output_high=1.0, penalised=penalised, steps=5)
    for critic, found in ((card(CONV, LEAKY, CONV, NORM, LEAKY, "Flatten", UNIT), penalised), (DISCRIMINATOR, False)):
        run = make_run({}, generator=GENERATOR, discriminator=critic, objective=objective, real_count=0)
        finding = judged("GD101", run)
        assert (finding.status is Status.DETECTED) is found
        if found:
            assert finding.severity is Severity.WARNING
            assert finding.evidence[0].layers == ("discriminator/batchnormalization",)


def test_one_of_two_branches_is_enough(make_run: MakeRun) -> None:
    branches = card(CONV, ("BatchNormalization", {}, (0,)), ("Conv2D", {}, (0,)), ("Add", {}, (1, 2)), act("tanh"))
    assert of(make_run, branches).status is Status.NOT_DETECTED, "a sum lies between"
    second = card(DENSE, LEAKY, ("Dense", {}, (1,)), ("BatchNormalization", {}, (1,)), outputs=(2, 3))
    assert of(make_run, second).status is Status.DETECTED


def test_not_evaluated_where_the_order_is_not_known(make_run: MakeRun) -> None:
    absent = of(make_run, None, None)
    assert str(absent.reason) == "The model card does not list the layers of the generator."
    declared = DISCRIMINATOR.model_copy(update={"order": "declared", "order_note": "it is not built"})
    finding = of(make_run, discriminator=declared)
    assert finding.status is Status.NOT_EVALUATED, "half of a GAN is not healthy"
    assert str(finding.reason).endswith("not known: it is not built.")
    assert of(make_run, GENERATOR.model_copy(update={"order": "unknown"})).status is Status.NOT_EVALUATED
    sick = card(DENSE, transpose(), NORM, act("tanh"))
    assert of(make_run, sick, declared).status is Status.DETECTED, "what was found stands"


@pytest.mark.parametrize("inputs", [(5,), (-2,), (0,), None])
def test_a_damaged_card_is_not_evaluated(make_run: MakeRun, inputs: tuple[int, ...] | None) -> None:
    damaged = GENERATOR.model_copy(deep=True)
    damaged.layers[0].inputs = inputs
    finding = of(make_run, damaged)
    assert finding.status is Status.NOT_EVALUATED
    assert facts(finding)["layer"] == "dense"
    assert of(make_run, GENERATOR.model_copy(update={"outputs": (99,)})).status is Status.NOT_EVALUATED


def test_features_that_a_discriminator_returns_beside_its_score_are_not_its_output(make_run: MakeRun) -> None:
    """As in InfoGAN and feature matching; the score is the first that it returns."""
    layers = (CONV, LEAKY, "Flatten", DENSE, NORM, LEAKY, DENSE, act("sigmoid"))
    for outputs, status in (((7, 5), Status.NOT_DETECTED), ((5, 7), Status.DETECTED)):
        assert of(make_run, discriminator=card(*layers, outputs=outputs)).status is status
