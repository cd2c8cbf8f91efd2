"""GD102."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from design_cards import (
    CONV,
    DENSE,
    DISCRIMINATOR,
    GENERATOR,
    LEAKY,
    NORM,
    UNIT,
    act,
    card,
    drop,
    judged,
    named,
    transpose,
)

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run

MakeRun = Callable[..., Run]


def of(make_run: MakeRun, generator: PlayerCard = GENERATOR, discriminator: PlayerCard = DISCRIMINATOR) -> Finding:
    return judged("GD102", make_run({}, generator=generator, discriminator=discriminator, real_count=0))


# What is provably wrong. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [("relu", "sigmoid", "50%"), ("sigmoid", "sigmoid", "77%"), ("relu", "tanh", "50%"), ("tanh", "sigmoid", "54%")],
)
def test_two_activations_at_the_output(make_run: MakeRun, first: str, second: str, lost: str) -> None:
    judge = card(CONV, LEAKY, "Flatten", ("Dense", {"units": 1, "activation": first}), act(second))
    finding = of(make_run, discriminator=judge)
    assert finding.severity is Severity.CRITICAL
    assert f"dense ({first}) and then activation ({second}): {lost}" in finding.evidence[0].statement
    assert named(finding) == {"discriminator/dense", "discriminator/activation"}
    generator = of(make_run, card(DENSE, LEAKY, transpose(activation=first), "Dropout", act(second)))
    assert generator.severity is Severity.WARNING


def test_two_activations_of_which_one_does_nothing_are_mentioned(make_run: MakeRun) -> None:
    finding = of(make_run, card(DENSE, act("relu"), act("relu"), transpose(), act("sigmoid")))
    assert finding.severity is Severity.INFO
    assert "one has nothing to do" in finding.evidence[0].statement
    # A ReLU behind the output's sigmoid changes nothing either.
    assert of(make_run, card(DENSE, LEAKY, transpose(activation="sigmoid"), act("relu"))).severity is Severity.INFO


def test_dropout_behind_the_last_weights(make_run: MakeRun) -> None:
    for end in ((drop(0.3),), (drop(0.3), act("sigmoid")), (act("sigmoid"), drop(0.3))):
        finding = of(make_run, discriminator=card(CONV, LEAKY, "Flatten", UNIT, *end))
        assert finding.severity is Severity.WARNING
        assert "30% of its scores" in finding.evidence[0].statement
        assert named(finding) == {"discriminator/dropout"}
    assert "pixels" in of(make_run, card(DENSE, LEAKY, transpose(), drop(0.3), act("tanh"))).evidence[0].statement
    assert of(make_run, discriminator=card(CONV, LEAKY, "Flatten", UNIT, drop(0.0))).status is Status.NOT_DETECTED


def test_dropout_right_before_batch_normalisation(make_run: MakeRun) -> None:
    def generator(rate: float, *between: Any) -> PlayerCard:
        return card(DENSE, drop(rate), *between, NORM, act("relu"), transpose(), act("sigmoid"))

    assert of(make_run, generator(0.4)).severity is Severity.INFO
    strong = of(make_run, generator(0.5, "Reshape"))
    assert strong.severity is Severity.WARNING
    assert "at least 2 times as much" in strong.evidence[0].statement
    assert named(strong) == {"generator/dropout", "generator/batchnormalization"}
    assert of(make_run, generator(0.0)).status is Status.NOT_DETECTED
    # With weights between, as in the article.
    article = card(DENSE, NORM, act("relu"), drop(0.5), transpose(), NORM, act("relu"), transpose(), act("sigmoid"))
    assert of(make_run, article).status is Status.NOT_DETECTED


# Remarks on conventions. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "said", "layers"),
    [
        ((DENSE, LEAKY, NORM), "normalise behind the activation", {"batchnormalization"}),
        ((DENSE, NORM, NORM, LEAKY), "what has just been normalised", {"batchnormalization_1"}),
        ((DENSE, LEAKY, DENSE, DENSE, LEAKY), "together they are one linear map", {"dense_2"}),
        ((DENSE, LEAKY, CONV, "Dropout", CONV, LEAKY), "together they are one linear map", {"conv2d_1"}),
        ((DENSE, act("sigmoid")), "sigmoids inside the network", {"activation"}),
        ((("Dense", {"activation": "sigmoid"}),), "sigmoids inside the network", {"dense"}),
    ],
)
def test_conventions_are_mentioned_and_no_more(
    make_run: MakeRun, hidden: tuple[Any, ...], said: str, layers: set[str]
) -> None:
    finding = of(make_run, card(*hidden, transpose(), act("tanh")))
    assert finding.severity is Severity.INFO
    (evidence,) = finding.evidence
    assert said in evidence.statement
    assert named(finding) == {f"generator/{name}" for name in layers}


def test_a_long_list_of_layers_is_cut(make_run: MakeRun) -> None:
    blocks = [layer for _ in range(8) for layer in (CONV, LEAKY, NORM)]
    (evidence,) = of(make_run, card(*blocks, transpose(), act("tanh"))).evidence
    assert "batchnormalization_4 and 3 more" in evidence.statement
    assert len(evidence.layers) == 8


@pytest.mark.parametrize(
    "network",
    [
        card(DENSE, "Reshape", transpose(), LEAKY, transpose(), act("tanh")),
        card(CONV, LEAKY, CONV, ("Conv2D", {"kernel_size": [1, 1]}), LEAKY, transpose(), act("tanh")),
        card(CONV, LEAKY, ("DepthwiseConv2D", {"kernel_size": [3, 3]}), CONV, LEAKY, transpose(), act("tanh")),
        card(CONV, LEAKY, CONV, ("OfMyOwn", {}), CONV, LEAKY, transpose(), act("tanh")),
        card(DENSE, LEAKY, DENSE, ("Activation", {"activation": "my_own"}), DENSE, LEAKY, transpose(), act("tanh")),
        # A gate: the sigmoid is multiplied with something.
        card(CONV, LEAKY, ("Dense", {"activation": "sigmoid"}), ("Multiply", {}, (1, 2)), transpose(), act("tanh")),
    ],
    ids=["projection", "1x1", "depthwise", "custom layer", "custom activation", "gate"],
)
def test_look_alikes(make_run: MakeRun, network: PlayerCard) -> None:
    assert of(make_run, network).status is Status.NOT_DETECTED


def test_healthy_and_not_evaluated(make_run: MakeRun) -> None:
    assert of(make_run).status is Status.NOT_DETECTED
    assert of(make_run, GENERATOR.model_copy(update={"order": "declared"})).status is Status.NOT_EVALUATED
    softmax_twice = card(CONV, LEAKY, "Flatten", ("Dense", {"activation": "my_own"}), act("sigmoid"))
    assert of(make_run, discriminator=softmax_twice).severity is Severity.INFO, "what gets through is not known"
