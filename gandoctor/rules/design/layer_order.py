"""GD102: layers stand in an order that works against them.

What it is
    The article's third problem: noise-like output; check the order of activation, batch normalisation and dropout.
    Two activations in a row at the output, such as a ReLU before the final sigmoid; dropout behind the last weights;
    dropout right before a batch normalisation. And, as a word only: batch normalisation behind the activation, two
    batch normalisations in a row, weights behind weights with nothing between, a sigmoid inside the network.

Why it hurts
    A second activation is given only what the first lets through: behind a ReLU, a sigmoid makes 0.5 to 1, so that a
    discriminator can never call an image fake and a generator can make no dark pixel; where the ReLU is closed, no
    gradient passes. Dropout on the output sets pixels or scores to 0 by chance, and the weights learn nothing from
    those. Dropout makes values vary by 1 / (1 - rate) as much in training as in inference, and a batch normalisation
    right behind it keeps the training's variance for inference.

How it is recognised
    From the order of the calls in the model card, before the first step. Which values get through two activations is
    computed, not guessed; what stands "right before" is found looking through layers that only move values.

What it is not
    Batch normalisation before or behind the activation is a convention: both train, and nothing better than habit
    speaks for the order weights, batch normalisation, activation, dropout of the article. Weights behind weights are
    one linear map by arithmetic, yet a first dense layer that is reshaped for a convolution is usual and is not
    mentioned. Dropout with weights between it and the next batch normalisation, as in the article, is not either.

What to do
    Give the last weights one output activation and nothing else. Keep dropout behind the activation, away from the
    output and from batch normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gandoctor.networks.layer_roles import Role
from gandoctor.networks.output_reach import image_of
from gandoctor.rules.reading.model_card import IDLE, INPUT, Network, card_evidence, examined
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
    """Evidence of what is provably wrong, and remarks on conventions."""

    def look(network: Network) -> list[Evidence]:
        parts = (_two_activations, _dropout_on_output, _dropout_before_norm, _conventions)
        return [evidence for part in parts for evidence in part(network, limits)]

    return examined(run, look)


def _two_activations(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, second in network.of_role("activation"):
        for j in sorted(network.before(i, IDLE)):
            if j == INPUT or network.stages[j].role != "activation":
                continue
            lost = _lost(network.stages[j].activation, second.activation)
            at_output = network.end in network.after(i, _TO_OUTPUT)
            pair = f"{network.named(j)} and then {network.named(i)}"
            layers = [network.address(j), network.address(i)]
            if lost is None or lost <= limits.lost or not at_output:
                nothing = lost is not None and lost <= limits.lost
                remark = ", of which one has nothing to do" if nothing else ""
                statement = f"In the {network.player}, values go through {pair}{remark}."
                yield card_evidence(statement, lost if lost is not None else 1.0, limits.lost, layers, Severity.INFO)
                continue
            means = (
                "it can never call an image fake with confidence, or never real"
                if network.player == "discriminator"
                else "part of what its output activation is for cannot be made"
            )
            statement = (
                f"The {network.player} ends in {pair}: {lost:.0%} of the second one's range is out of reach, so that "
                f"{means}; and where the first is flat, no gradient passes."
            )
            severity = Severity.CRITICAL if network.player == "discriminator" else Severity.WARNING
            yield card_evidence(statement, lost, limits.lost, layers, severity)


def _lost(first: str | None, second: str | None) -> float | None:
    """Share of the second activation's range that is out of reach behind the first; None where it is not known."""
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
    return 0.0  # of what has no bounds no share can be lost


def _dropout_on_output(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, stage in network.of_role("dropout"):
        rate = stage.layer.settings.get("rate")
        if not isinstance(rate, int | float) or rate <= 0 or network.end not in network.after(i, _UNWEIGHTED):
            continue
        effect = (
            f"{rate:.0%} of the pixels of its images are set to one value by chance"
            if network.player == "generator"
            else f"{rate:.0%} of its scores are set to 0 by chance, and teach nobody anything"
        )
        statement = f"The {network.player} has the dropout {stage.layer.address} behind its last weights: {effect}."
        yield card_evidence(statement, float(rate), 0.0, [network.address(i)], Severity.WARNING)


def _dropout_before_norm(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, norm in network.of_role("batch_norm"):
        for j in sorted(network.before(i)):
            stage = network.stages[j] if j > INPUT else None
            rate = stage.layer.settings.get("rate") if stage is not None and stage.role == "dropout" else None
            if stage is None or not isinstance(rate, int | float) or not 0 < rate < 1:
                continue
            severity = Severity.WARNING if rate >= limits.dropout_before_norm else Severity.INFO
            statement = (
                f"In the {network.player}, dropout {stage.layer.address} ({rate:g}) stands right before batch "
                f"normalisation {norm.layer.address}: values vary at least {1 / (1 - rate):.2g} times as much in "
                "training as in inference, and the moving variance is that of training."
            )
            layers = [network.address(j), network.address(i)]
            yield card_evidence(statement, float(rate), limits.dropout_before_norm, layers, severity)


def _conventions(network: Network, limits: Limits) -> Iterator[Evidence]:
    """Remarks: what is unusual or does nothing, and is no mistake by itself."""
    stages = network.stages

    def behind(role: Role, first: Role, passing: frozenset[Role] = frozenset({"shape"})) -> list[int]:
        return [
            i
            for i, _ in network.of_role(role)
            if any(j > INPUT and stages[j].role == first for j in network.before(i, passing))
        ]

    def remark(places: list[int], say: Callable[[str], str]) -> Iterator[Evidence]:
        if places:
            names = ", ".join(stages[i].layer.address for i in places[: limits.named])
            more = len(places) - limits.named
            names += f" and {more} more" if more > 0 else ""
            yield card_evidence(say(names), len(places), None, map(network.address, places), Severity.INFO)

    player = network.player
    yield from remark(
        behind("batch_norm", "activation"),
        lambda names: (
            f"In the {player}, {names} normalise behind the activation. Both orders train; the article and the DCGAN "
            "paper normalise before it."
        ),
    )
    yield from remark(
        behind("batch_norm", "batch_norm"),
        lambda names: f"In the {player}, {names} normalise what has just been normalised.",
    )
    yield from remark(
        [i for i in behind("weights", "weights", _LINEAR) if _is_idle_pair(network, i)],
        lambda names: (
            f"In the {player}, nothing but linear layers lies between the weights of {names} and the weights before "
            "them: together they are one linear map."
        ),
    )
    yield from remark(
        [
            i
            for i, stage in network.of_role("activation")
            if stage.activation in ("sigmoid", "hard_sigmoid")
            and all(j < network.end and stages[j].role == "weights" for j in network.after(i, _LINEAR))
        ],
        lambda names: (
            f"In the {player}, {names} are sigmoids inside the network; a sigmoid passes on a quarter of the gradient "
            "at most."
        ),
    )


def _is_idle_pair(network: Network, position: int) -> bool:
    """Tell whether weights behind weights are worth a word: not the first projection, no 1 x 1 or per-channel ones."""
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
    title="Layers stand in an order that works against them",
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
