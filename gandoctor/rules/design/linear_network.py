"""GD118: a network has no activation between its layers.

What it is
    All layers of a player are linear: dense layers or convolutions that follow each other without an activation
    between them. Usually the default was taken for one: a Keras layer has none unless it is given one, and a PyTorch
    layer never has.

Why it hurts
    Linear layers in a row are one linear map, however many they are. Such a generator can only stretch, turn and shift
    its noise, and normal noise stays normal. Such a discriminator can only draw one straight line through all data, so
    the generator learns their mean and not much else.

How it is recognised
    By the order of the calls in the model card, before the first step: two layers with weights or more, and nothing
    but linear operations around them. The last activation is left out of account.

What it is not
    A network of a single layer is meant to be linear. Where anything unknown is computed between the layers, nothing is
    said. Two linear layers in a row within a network that has activations elsewhere are a remark of GD102.

What to do
    Put an activation after every layer with weights but the last: leaky ReLU in the discriminator, ReLU in the
    generator.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message, Value
from gandoctor.networks.layer_roles import Role
from gandoctor.networks.network import IDLE, Network
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Thresholds.

    Attributes:
        layers: With weights, from which they are meant to do more together than one of them.
        named: Layers named.
    """

    layers: int = 2
    named: int = 5


_TO_OUTPUT: frozenset[Role] = IDLE | {"rescaling"}
_LINEAR: frozenset[Role] = _TO_OUTPUT | {"weights", "batch_norm", "upsampling"}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence for each player that is one linear map."""

    def search(network: Network) -> list[Evidence]:
        weights = [i for i, _ in network.of_role("weights")]
        if len(weights) < limits.layers or not _is_linear(network):
            return []
        names = network.listed(weights, limits.named)
        addresses = map(network.address, weights)
        return [card_evidence(_statement(network, len(weights), names), len(weights), limits.layers, addresses)]

    return search_networks(run, search)


def _is_linear(network: Network) -> bool:
    """Tell whether all stages before the output's activation are linear maps."""
    return all(
        stage.role in _LINEAR or (stage.role == "activation" and network.end in network.after(i, _TO_OUTPUT))
        for i, stage in enumerate(network.stages)
    )


def _statement(network: Network, count: int, names: tuple[Value, ...]) -> Message:
    if network.player == "g":
        return Message(
            "There is no activation between the generator's {count} layers with weights ({layers}): together they are "
            "one linear map, which can only stretch, turn and shift the noise.",
            count=count,
            layers=names,
        )
    return Message(
        "There is no activation between the discriminator's {count} layers with weights ({layers}): together they are "
        "one linear map, which can only tell data apart that lie on two sides of one plane.",
        count=count,
        layers=names,
    )


LIMITS = Limits()

RULE = Rule(
    id="GD118",
    name="linear-network",
    title=Message("A network has no activation between its layers"),
    severity=Severity.WARNING,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("activation-between-layers",),
    references=("Goodfellow, Bengio and Courville, Deep Learning, 2016, section 6.1 (why hidden layers need one)",),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD301", "GD302", "GD303", "GD401", "GD402", "GD403", "GD404", "GD407", "GD409", "GD411"),
        critical=0.9,
        warning=0.85,
        info=0.3,
    ),
)
