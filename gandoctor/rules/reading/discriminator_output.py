"""How the discriminator ends, and whether that suits the losses of its family, whatever the loss's code is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gandoctor.loss_families import LossFamily
from gandoctor.message import Message
from gandoctor.networks.layer_roles import Role
from gandoctor.networks.network import IDLE, INPUT, Network
from gandoctor.networks.output_reach import image_of
from gandoctor.rules.reading.model_card import card_evidence
from gandoctor.rules.rule import Evidence, NotEvaluated, Severity

_THROUGH: frozenset[Role] = IDLE | {"pooling", "rescaling"}


@dataclass(frozen=True)
class Output:
    """The end of the discriminator.

    Attributes:
        position: Of the stage that decides which values it gives.
        activation: Its name; None for a linear output.
        is_seen_through: Keras can remove a sigmoid here: nothing comes after it, and it is in single precision.
    """

    position: int
    activation: str | None
    is_seen_through: bool


def output_of(network: Network) -> Output:
    """Return how the discriminator ends.

    Raises:
        NotEvaluated: Its last layer is not one whose output is known.
    """
    ends = network.before(network.end, _THROUGH)
    if len(ends) != 1 or INPUT in ends:
        raise NotEvaluated(Message("The output of the discriminator's last layer is not known."))
    (position,) = ends
    stage = network.stages[position]
    if stage.role not in ("activation", "weights", "batch_norm", "norm") or stage.activation == "unknown":
        raise NotEvaluated(
            Message(
                "The output of {layer}, the discriminator's last layer, is not known.", layer=network.named(position)
            )
        )
    whole = "dtype" not in stage.layer.settings
    return Output(position, stage.activation, whole and network.outputs[0] == position)


def softmax_of_one(network: Network, output: Output) -> Iterator[Evidence]:
    """Yield evidence of a softmax over a single unit."""
    shape = network.stages[output.position].layer.output_shape
    if output.activation == "softmax" and shape is not None and shape[-1] == 1:
        statement = Message(
            "The discriminator ends in {layer} over a single unit: it gives 1 for every image, and its gradient is 0.",
            layer=network.named(output.position),
        )
        yield card_evidence(statement, 1, None, [network.address(output.position)], Severity.CRITICAL)


def bounded_critic(network: Network, output: Output, family: LossFamily | None) -> Iterator[Evidence]:
    """Yield evidence of an activation that keeps scores from where a family's losses want them."""
    reach = None if output.activation is None else image_of(output.activation, -math.inf, math.inf)
    if reach is None:
        return
    low, high = reach
    bounded = math.isfinite(low) and math.isfinite(high)
    severity, why = Severity.INFO, None
    if family == "wasserstein" and bounded:
        severity = Severity.WARNING
        why = Message(
            "the critic's scores stay within {low:g} and {high:g}, which bounds the distance it can measure",
            low=low,
            high=high,
        )
    elif family == "hinge" and low > -1:
        severity = Severity.WARNING
        why = Message("hinge loss asks for scores of -1 and less for generated images, which the output cannot reach")
    elif family == "hinge" and math.isfinite(low):
        why = Message("hinge loss asks for scores beyond 1 and -1, which the output only approaches")
    elif family == "least_squares" and bounded:
        why = Message("least squares was designed for unbounded scores, whose gradient never fades")
    if why is not None:
        end = Message("The discriminator ends in {layer}: {why}.", layer=network.named(output.position), why=why)
        yield card_evidence(end, low, None, [network.address(output.position)], severity)
