"""GD102."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    return judged("GD102", make_run({}, generator=generator, discriminator=discriminator, real_count=0))


# What is provably wrong. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [("relu", "sigmoid", 0.5), ("sigmoid", "sigmoid", 0.769), ("relu", "tanh", 0.5), ("tanh", "sigmoid", 0.538)],
)
def test_two_activations_at_the_output(make_run: MakeRun, first: str, second: str, lost: float) -> None:
    judge = card(CONV, LEAKY, "Flatten", ("Dense", {"units": 1, "activation": first}), act(second))
    finding = of(make_run, discriminator=judge)
    assert finding.severity is Severity.CRITICAL
    assert finding.evidence[0].observed == pytest.approx(lost, abs=1e-3)
    assert (facts(finding)["first"], facts(finding)["second"]) == (f"dense ({first})", f"activation ({second})")
    assert named(finding) == {"discriminator/dense", "discriminator/activation"}
    generator = of(make_run, card(DENSE, LEAKY, transpose(activation=first), "Dropout", act(second)))
    assert generator.severity is Severity.WARNING


def test_two_activations_of_which_one_does_nothing_are_mentioned(make_run: MakeRun) -> None:
    finding = of(make_run, card(DENSE, act("relu"), act("relu"), transpose(), act("sigmoid")))
    assert finding.severity is Severity.INFO
    assert finding.evidence[0].observed == 0.0
    assert str(finding.evidence[0].statement) == (
        "In the generator, values pass through activation (relu), then activation_1 (relu): one of them has nothing to "
        "do."
    )
    # A ReLU behind the output's sigmoid changes nothing either.
    assert of(make_run, card(DENSE, LEAKY, transpose(activation="sigmoid"), act("relu"))).severity is Severity.INFO


def test_dropout_behind_the_last_weights(make_run: MakeRun) -> None:
    for end in ((drop(0.3),), (drop(0.3), act("sigmoid")), (act("sigmoid"), drop(0.3))):
        finding = of(make_run, discriminator=card(CONV, LEAKY, "Flatten", UNIT, *end))
        assert finding.severity is Severity.WARNING
        assert finding.evidence[0].observed == 0.3
        assert named(finding) == {"discriminator/dropout"}
    generators = of(make_run, card(DENSE, LEAKY, transpose(), drop(0.3), act("tanh")))
    assert named(generators) == {"generator/dropout"}
    assert of(make_run, discriminator=card(CONV, LEAKY, "Flatten", UNIT, drop(0.0))).status is Status.NOT_DETECTED


def test_dropout_right_before_batch_normalisation(make_run: MakeRun) -> None:
    def generator(rate: float, *between: Any) -> PlayerCard:
        return card(DENSE, drop(rate), *between, NORM, act("relu"), transpose(), act("sigmoid"))

    assert of(make_run, generator(0.4)).severity is Severity.INFO
    strong = of(make_run, generator(0.5, "Reshape"))
    assert strong.severity is Severity.WARNING
    assert facts(strong)["times"] == pytest.approx(2.0)
    assert named(strong) == {"generator/dropout", "generator/batchnormalization"}
    assert of(make_run, generator(0.0)).status is Status.NOT_DETECTED
    # With weights between, as in the article.
    article = card(DENSE, NORM, act("relu"), drop(0.5), transpose(), NORM, act("relu"), transpose(), act("sigmoid"))
    assert of(make_run, article).status is Status.NOT_DETECTED


# Remarks on conventions. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "said", "layers"),
    [
        (
            (DENSE, LEAKY, NORM),
            "In the generator, batchnormalization normalises after the activation. Both orders train; the article and "
            "the DCGAN paper normalise before it.",
            {"batchnormalization"},
        ),
        (
            (DENSE, NORM, NORM, LEAKY),
            "In the generator, batchnormalization_1 normalises values that have just been normalised.",
            {"batchnormalization_1"},
        ),
        (
            (DENSE, LEAKY, DENSE, DENSE, LEAKY),
            "In the generator, only linear layers lie between the weights of dense_2 and the weights before them: "
            "together they are one linear map.",
            {"dense_2"},
        ),
        (
            (DENSE, LEAKY, CONV, "Dropout", CONV, LEAKY),
            "In the generator, only linear layers lie between the weights of conv2d_1 and the weights before them: "
            "together they are one linear map.",
            {"conv2d_1"},
        ),
        (
            (DENSE, act("sigmoid")),
            "In the generator, activation is a sigmoid inside the network. A sigmoid passes on at most a quarter of "
            "the gradient.",
            {"activation"},
        ),
        (
            (("Dense", {"activation": "sigmoid"}),),
            "In the generator, dense is a sigmoid inside the network. A sigmoid passes on at most a quarter of the "
            "gradient.",
            {"dense"},
        ),
    ],
)
def test_conventions_are_mentioned_and_no_more(
    make_run: MakeRun, hidden: tuple[Any, ...], said: str, layers: set[str]
) -> None:
    finding = of(make_run, card(*hidden, transpose(), act("tanh")))
    assert finding.severity is Severity.INFO
    (evidence,) = finding.evidence
    assert str(evidence.statement) == said
    assert named(finding) == {f"generator/{name}" for name in layers}


def test_a_long_list_of_layers_is_cut(make_run: MakeRun) -> None:
    blocks = [layer for _ in range(8) for layer in (CONV, LEAKY, NORM)]
    (evidence,) = of(make_run, card(*blocks, transpose(), act("tanh"))).evidence
    assert evidence.observed == 8
    assert str(evidence.statement).startswith(
        "In the generator, batchnormalization, batchnormalization_1, batchnormalization_2, batchnormalization_3, "
        "batchnormalization_4 and 3 more normalise after the activation."
    )
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
