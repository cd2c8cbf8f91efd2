"""GD105."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run
from support.design_cards import CONV, GENERATOR, LEAKY, UNIT, Spec, act, card, drop, facts, judged, named
from support.recorded_runs import every_step, probes

MakeRun = Callable[..., Run]
ATTRIBUTE, COMPILED = "attribute .loss_fn", "discriminator, as compiled"


def ending(*end: Spec) -> PlayerCard:
    return card(CONV, LEAKY, drop(0.3), "Flatten", UNIT, *end)


def entropy(from_logits: bool, where: str = ATTRIBUTE) -> dict[str, Any]:
    return {where: {"type": "BinaryCrossentropy", "from_logits": from_logits}}


def of(
    make_run: MakeRun,
    discriminator: PlayerCard,
    losses: dict[str, Any] | None = None,
    family: str | None = "non_saturating",
    signals: Any = None,
    **fields: Any,
) -> Finding:
    run = make_run(
        signals or {},
        generator=GENERATOR,
        discriminator=discriminator,
        losses=losses or {},
        loss_family=family,
        real_count=0,
        **fields,
    )
    return judged("GD105", run)


# Cross-entropy, from the card. ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "from_logits"),
    [((act("sigmoid"),), False), ((), True), ((LEAKY,), True), ((act("sigmoid"), "Flatten"), False)],
)
def test_what_fits(make_run: MakeRun, end: tuple[Spec, ...], from_logits: bool) -> None:
    for where in (ATTRIBUTE, COMPILED):
        for family in ("non_saturating", "minimax", None):
            finding = of(make_run, ending(*end), entropy(from_logits, where), family)
            assert finding.status is Status.NOT_DETECTED


def test_probabilities_taken_for_logits(make_run: MakeRun) -> None:
    seen_through = of(make_run, ending(act("sigmoid")), entropy(True))
    assert seen_through.severity is Severity.INFO
    assert str(seen_through.evidence[0].statement) == (
        "The discriminator ends in activation (sigmoid), and the cross-entropy (attribute .loss_fn) has "
        "from_logits=True. Keras removes the sigmoid with a warning: the training is right by luck."
    )
    assert named(seen_through) == {"discriminator/activation"}
    as_argument = card(CONV, LEAKY, "Flatten", ("Dense", {"units": 1, "activation": "sigmoid"}))
    assert of(make_run, as_argument, entropy(True)).severity is Severity.INFO
    # Behind a further layer or in half precision it cannot.
    half = ending(("Activation", {"activation": "sigmoid", "dtype": "float16"}))
    for judge in (ending(act("sigmoid"), "Flatten"), half):
        finding = of(make_run, judge, entropy(True))
        assert finding.severity is Severity.WARNING
        assert facts(finding)["low"] == pytest.approx(0.5)
        assert facts(finding)["high"] == pytest.approx(0.731, abs=1e-3)
    assert of(make_run, ending(act("tanh")), entropy(True)).severity is Severity.WARNING
    never = of(make_run, ending(act("relu")), entropy(True))
    assert str(never.evidence[0].statement).endswith("No logit is below 0, so no image can be called fake.")


def test_logits_taken_for_probabilities(make_run: MakeRun) -> None:
    compiled = of(make_run, ending(), entropy(False, COMPILED))
    assert compiled.severity is Severity.CRITICAL
    assert str(compiled.evidence[0].statement) == (
        "The discriminator ends in dense (Dense) without an activation, and the cross-entropy (discriminator, as "
        "compiled) has from_logits=False. The loss takes any number for a probability and clips it to 0 ... 1, outside "
        "of which there is no gradient."
    )
    attribute = of(make_run, ending(), entropy(False))
    assert attribute.severity is Severity.WARNING
    assert str(attribute.evidence[0].statement).endswith(
        "The training step may apply a sigmoid itself; then nothing is wrong."
    )
    assert of(make_run, ending(act("tanh")), entropy(False, COMPILED)).severity is Severity.CRITICAL
    # Measured: both losses stand still from the second step on.
    still = {"d_loss": every_step(7.971, stop=50), "g_loss": every_step(0.0, stop=50)}
    pinned = of(make_run, ending(), entropy(False), signals=still)
    assert pinned.severity is Severity.CRITICAL
    assert facts(pinned)["level"] == pytest.approx(7.971)


def test_losses_that_disagree_or_belong_to_another_family_are_left_out(make_run: MakeRun) -> None:
    both = {**entropy(True), **entropy(False, "attribute .other")}
    assert of(make_run, ending(), both).status is Status.NOT_EVALUATED
    assert of(make_run, ending(), {**both, **entropy(True, COMPILED)}).status is Status.NOT_DETECTED
    for family in ("wasserstein", "hinge", "least_squares"):
        assert of(make_run, ending(), entropy(False), family).status is Status.NOT_DETECTED


# Other losses, from the card. -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "activation", "severity"),
    [
        ("wasserstein", "sigmoid", Severity.WARNING),
        ("wasserstein", "tanh", Severity.WARNING),
        ("hinge", "sigmoid", Severity.WARNING),
        ("hinge", "relu", Severity.WARNING),
        ("hinge", "tanh", Severity.INFO),
        ("least_squares", "sigmoid", Severity.INFO),
        ("wasserstein", "leaky_relu", None),
        ("least_squares", "relu", None),
    ],
)
def test_critics_that_are_held(make_run: MakeRun, family: str, activation: str, severity: Severity | None) -> None:
    finding = of(make_run, ending(act(activation)), family=family)
    assert (finding.severity if finding.status is Status.DETECTED else None) is severity


def test_a_softmax_of_one(make_run: MakeRun) -> None:
    finding = of(make_run, ending(act("softmax")), entropy(False))
    assert finding.severity is Severity.CRITICAL
    assert facts(finding)["layer"] == "activation (softmax)"
    classes = ending(("Softmax", {}))
    classes.layers[-1].output_shape = (None, 11)
    assert of(make_run, classes, entropy(False)).status is Status.NOT_DETECTED


# A loss of the user's own, from the numbers. --------------------------------------------------------------------


def mistaken() -> dict[str, Any]:
    """As measured with a sigmoid whose output is taken for a logit."""
    return {
        "d_loss": every_step(lambda s: 0.72 if s < 30 else 0.51, stop=250),
        "g_loss": every_step(lambda s: 0.5 if s < 30 else 0.69, stop=250),
        "d_real_logit": probes(8.0, stop=250),
        "d_fake_logit": probes(-6.0, stop=250),
    }


def test_losses_within_bounds_that_logits_contradict(make_run: MakeRun) -> None:
    finding = of(make_run, ending(act("sigmoid")), signals=mistaken())
    assert finding.severity is Severity.WARNING
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.first_step, evidence.last_step) == ("g_loss", 1, 250)
    assert facts(finding)["logit"] == -6.0
    flipped = mistaken() | {"d_fake_logit": probes(6.0, stop=250)}
    assert of(make_run, ending(act("sigmoid")), signals=flipped, real_is_high=False).status is Status.DETECTED


@pytest.mark.parametrize(
    "change",
    [
        {"g_loss": every_step(lambda s: 1.4 if s % 50 == 0 else 0.69, stop=250)},
        {"d_loss": every_step(lambda s: 0.3 if s == 77 else 0.6, stop=250)},
        {"d_fake_logit": probes(-0.4, stop=250)},
    ],
    ids=["a generator's loss above", "a discriminator's below", "logits that agree"],
)
def test_look_alike_losses_near_equilibrium(make_run: MakeRun, change: dict[str, Any]) -> None:
    assert of(make_run, ending(act("sigmoid")), signals=mistaken() | change).status is Status.NOT_DETECTED


def clipped(fake_logit: float = -1.0) -> dict[str, Any]:
    """As measured with a linear output whose logit is taken for a probability, by a loss nobody can see."""
    return {
        "d_loss": every_step(lambda s: 0.9 if s < 20 else 0.002, stop=250),
        "g_loss": every_step(lambda s: 1.0 if s < 20 else 16.1181, stop=250),
        "d_real_logit": probes(2.5, stop=250),
        "d_fake_logit": probes(fake_logit, stop=250),
    }


def test_a_generator_loss_pinned_where_probabilities_are_clipped(make_run: MakeRun) -> None:
    finding = of(make_run, ending(), signals=clipped())
    assert finding.severity is Severity.CRITICAL
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.first_step, evidence.last_step) == ("g_loss", 20, 250)
    assert facts(finding)["level"] == pytest.approx(16.1181)
    assert of(make_run, ending(), signals=clipped(1.0), real_is_high=False).status is Status.DETECTED


def test_look_alike_a_loop_that_applies_the_sigmoid_itself(make_run: MakeRun) -> None:
    """There the loss is pinned by logits that are as extreme as it is: GD305's, and no mismatch."""
    assert of(make_run, ending(), signals=clipped(-20.0)).status is Status.NOT_DETECTED
    passing = clipped() | {"g_loss": every_step(lambda s: s / 8, stop=250)}
    assert of(make_run, ending(), signals=passing).status is Status.NOT_DETECTED


def test_not_evaluated(make_run: MakeRun) -> None:
    short = {name: {s: v for s, v in series.items() if s <= 60} for name, series in mistaken().items()}
    assert facts(of(make_run, ending(act("sigmoid")), signals=short)) == {"steps": 100}
    assert of(make_run, ending(act("sigmoid")), family=None).status is Status.NOT_EVALUATED
    assert facts(of(make_run, ending(act("my_own")), entropy(True))) == {"layer": "activation (unknown)"}
    without = of(make_run, card(CONV, outputs=(-1,)), entropy(True))
    assert str(without.reason) == "The output of the discriminator's last layer is not known."
    assert of(make_run, ending().model_copy(update={"order": "declared"}), entropy(True)).status is Status.NOT_EVALUATED
    odd = {ATTRIBUTE: {"type": "BinaryCrossentropy", "from_logits": "yes"}}
    assert of(make_run, ending(act("sigmoid")), odd).status is Status.NOT_EVALUATED
