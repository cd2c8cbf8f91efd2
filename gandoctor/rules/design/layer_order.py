"""GD102: layers in an order that works against them.

What it is
    The article's third problem: noise-like output; check the order of activation, batch normalisation and dropout.
    Two activations in a row at the output, such as a ReLU before the final sigmoid; dropout after the last weights;
    dropout right before a batch normalisation. As remarks only: batch normalisation after the activation, two batch
    normalisations in a row, weights after weights with nothing between, a sigmoid inside the network.

Why it hurts
    A second activation receives only what the first lets through. After a ReLU, a sigmoid gives 0.5 to 1, so a
    discriminator can never call an image fake and a generator can make no dark pixel; where the ReLU is closed, no
    gradient passes. Dropout on the output sets pixels or scores to 0 by chance, and the weights learn nothing from
    those. Dropout makes the variance 1 / (1 - rate) times as large in training as in inference, and a batch
    normalisation right after it keeps the variance of training for inference.

How it is recognised
    By the order of the calls in the model card, before the first step. Which values get through two activations is
    computed, not guessed. Layers that only move values do not count as standing between two others.

What it is not
    Batch normalisation before or after the activation is a convention: both train, and only habit speaks for the
    article's order of weights, batch normalisation, activation, dropout. Weights after weights are one linear map by
    arithmetic, yet a first dense layer that is reshaped for a convolution is common and not mentioned. Nor is dropout
    that has weights between it and the next batch normalisation, as in the article.

What to do
    End the last weights in one output activation and nothing else. Keep dropout after the activation, away from the
    output and from batch normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gandoctor.message import Message, counted
from gandoctor.networks.layer_roles import Role
from gandoctor.networks.network import IDLE, IN_PLACE, INPUT, Network
from gandoctor.networks.output_reach import image_of
from gandoctor.player_names import NAMES
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        lost: Share of an activation's range that the one before it keeps from being used. Judgement; real pairs lose a
            fifth and more.
        dropout_before_norm: Dropout rate right before a batch normalisation from which it is a warning: the variance
            in training is then twice that in inference, or more (Li et al., CVPR 2019, section 3).
        named: Layers named in a remark on a convention.
    """

    lost: float = 0.05
    dropout_before_norm: float = 0.5
    named: int = 5


_SATURATING = ("sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softsign", "softmax")
_TO_OUTPUT: frozenset[Role] = IDLE | {"rescaling"}
_UNWEIGHTED: frozenset[Role] = IDLE | {"rescaling", "activation"}
_LINEAR: frozenset[Role] = IDLE | {"upsampling"}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of what is provably wrong, and remarks on conventions."""

    def search(network: Network) -> list[Evidence]:
        parts = (_two_activations, _dropout_on_output, _dropout_before_norm, _conventions)
        return [evidence for part in parts for evidence in part(network, limits)]

    return search_networks(run, search)


def _two_activations(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, second in network.of_role("activation"):
        for j in sorted(network.before(i, IDLE)):
            if j == INPUT or network.stages[j].role != "activation":
                continue
            lost = _share_lost(network.stages[j].activation, second.activation)
            layers = [network.address(j), network.address(i)]
            if lost is None or lost <= limits.lost or network.end not in network.after(i, _TO_OUTPUT):
                statement = _pair(network, j, i, idle=lost is not None and lost <= limits.lost)
                yield card_evidence(statement, lost if lost is not None else 1.0, limits.lost, layers, Severity.INFO)
            elif network.player == "d":
                statement = Message(
                    "The discriminator ends in {first}, then {second}. {lost:.0%} of the second one's range is out of "
                    "reach, so it can never be sure that an image is fake, or never that it is real. Where the first "
                    "one is flat, no gradient passes.",
                    first=network.named(j),
                    second=network.named(i),
                    lost=lost,
                )
                yield card_evidence(statement, lost, limits.lost, layers, Severity.CRITICAL)
            else:
                statement = Message(
                    "The generator ends in {first}, then {second}. {lost:.0%} of the second one's range is out of "
                    "reach, so the generator cannot make part of the values its output activation is meant for. Where "
                    "the first one is flat, no gradient passes.",
                    first=network.named(j),
                    second=network.named(i),
                    lost=lost,
                )
                yield card_evidence(statement, lost, limits.lost, layers, Severity.WARNING)


def _pair(network: Network, first: int, second: int, *, idle: bool) -> Message:
    player, names = NAMES[network.player], {"first": network.named(first), "second": network.named(second)}
    if idle:
        return Message(
            "In the {player}, values pass through {first}, then {second}: one of them has nothing to do.",
            player=player,
            **names,
        )
    return Message("In the {player}, values pass through {first}, then {second}.", player=player, **names)


def _share_lost(first: str | None, second: str | None) -> float | None:
    """Return which share of the second activation's range the first keeps out of reach; None where it is not known."""
    if first is None or second is None:
        return None
    whole = image_of(second, -math.inf, math.inf)
    let_through = image_of(first, -math.inf, math.inf)
    if whole is None or let_through is None:
        return None
    left = image_of(second, *let_through)
    if left is None:
        return None
    if second in _SATURATING:
        return 1.0 - (left[1] - left[0]) / (whole[1] - whole[0])
    return 0.0  # no share of an unbounded range can be lost


def _dropout_on_output(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, stage in network.of_role("dropout"):
        rate = stage.layer.settings.get("rate")
        if not isinstance(rate, int | float) or rate <= 0 or network.end not in network.after(i, _UNWEIGHTED):
            continue
        if network.player == "g":
            statement = Message(
                "The generator has a dropout layer ({layer}) after its last weights: {rate:.0%} of the pixels of its "
                "images are set to the same value by chance.",
                layer=stage.layer.address,
                rate=rate,
            )
        else:
            statement = Message(
                "The discriminator has a dropout layer ({layer}) after its last weights: {rate:.0%} of its scores are "
                "set to 0 by chance, and neither player learns anything from those.",
                layer=stage.layer.address,
                rate=rate,
            )
        yield card_evidence(statement, float(rate), 0.0, [network.address(i)], Severity.WARNING)


def _dropout_before_norm(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, norm in network.of_role("batch_norm"):
        for j in sorted(network.before(i)):
            stage = network.stages[j] if j > INPUT else None
            rate = stage.layer.settings.get("rate") if stage is not None and stage.role == "dropout" else None
            if stage is None or not isinstance(rate, int | float) or not 0 < rate < 1:
                continue
            severity = Severity.WARNING if rate >= limits.dropout_before_norm else Severity.INFO
            statement = Message(
                "In the {player}, the dropout layer {dropout} ({rate:g}) comes right before batch normalisation "
                "({norm}). The variance of the values is at least {times:.2g} times as large in training as in "
                "inference, and inference uses that of training.",
                player=NAMES[network.player],
                dropout=stage.layer.address,
                rate=rate,
                norm=norm.layer.address,
                times=1 / (1 - rate),
            )
            layers = [network.address(j), network.address(i)]
            yield card_evidence(statement, float(rate), limits.dropout_before_norm, layers, severity)


def _conventions(network: Network, limits: Limits) -> Iterator[Evidence]:
    """Remark on what is unusual or does nothing, and is no mistake by itself."""

    def remark(statement: Message, places: list[int]) -> Evidence:
        return card_evidence(statement, len(places), None, map(network.address, places), Severity.INFO)

    player = NAMES[network.player]
    if places := _following(network, "batch_norm", "activation"):
        statement = counted(
            "In the {player}, {layers} normalises after the activation. Both orders train; the article and the DCGAN "
            "paper normalise before it.",
            "In the {player}, {layers} normalise after the activation. Both orders train; the article and the DCGAN "
            "paper normalise before it.",
            len(places),
            player=player,
            layers=network.listed(places, limits.named),
        )
        yield remark(statement, places)
    if places := _following(network, "batch_norm", "batch_norm"):
        statement = counted(
            "In the {player}, {layers} normalises values that have just been normalised.",
            "In the {player}, {layers} normalise values that have just been normalised.",
            len(places),
            player=player,
            layers=network.listed(places, limits.named),
        )
        yield remark(statement, places)
    if places := [i for i in _following(network, "weights", "weights", _LINEAR) if _is_idle_pair(network, i)]:
        statement = Message(
            "In the {player}, only linear layers lie between the weights of {layers} and the weights before them: "
            "together they are one linear map.",
            player=player,
            layers=network.listed(places, limits.named),
        )
        yield remark(statement, places)
    if places := _inner_sigmoids(network):
        statement = counted(
            "In the {player}, {layers} is a sigmoid inside the network. A sigmoid passes on at most a quarter of the "
            "gradient.",
            "In the {player}, {layers} are sigmoids inside the network. A sigmoid passes on at most a quarter of the "
            "gradient.",
            len(places),
            player=player,
            layers=network.listed(places, limits.named),
        )
        yield remark(statement, places)


def _following(network: Network, role: Role, first: Role, passing: frozenset[Role] = IN_PLACE) -> list[int]:
    """Return the positions of the stages of a role that come right after one of another role."""
    return [
        i
        for i, _ in network.of_role(role)
        if any(j > INPUT and network.stages[j].role == first for j in network.before(i, passing))
    ]


def _inner_sigmoids(network: Network) -> list[int]:
    return [
        i
        for i, stage in network.of_role("activation")
        if stage.activation in ("sigmoid", "hard_sigmoid")
        and all(j < network.end and network.stages[j].role == "weights" for j in network.after(i, _LINEAR))
    ]


def _is_idle_pair(network: Network, position: int) -> bool:
    """Tell whether weights after weights deserve a remark: not the first projection, no 1 x 1 or per-channel ones."""
    before = [j for j in network.before(position, _LINEAR) if j > INPUT]
    pair = [network.stages[i].layer for i in (position, *before)]
    kernels = [layer.settings.get("kernel_size") for layer in pair]
    special = any("Depthwise" in layer.type or "Separable" in layer.type for layer in pair)
    small = any(isinstance(k, list) and all(side == 1 for side in k) for k in kernels)
    first = any(INPUT in network.before(j, _LINEAR) for j in before)
    return not (special or small or first)


LIMITS = Limits()

RULE = Rule(
    id="GD102",
    name="layer-order",
    title=Message("Layers are in an order that works against them"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("one-output-activation", "layer-order", "dropout-rate"),
    references=(
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 3",
        "Li et al., Understanding the Disharmony between Dropout and Batch Normalization by Variance Shift, CVPR 2019",
        "Ioffe and Szegedy, Batch Normalization, ICML 2015, section 3.2 (before the activation)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD006", "GD010", "GD201", "GD301", "GD401", "GD402", "GD403", "GD405", "GD407"),
        critical=0.9,
        warning=0.6,
        info=0.1,
    ),
)
