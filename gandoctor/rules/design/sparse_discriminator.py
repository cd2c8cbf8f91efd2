"""GD107: ReLU or max pooling in the discriminator, which pass on sparse gradients.

What it is
    The discriminator uses ReLU as its activation, or max pooling to shrink its feature maps, as image classifiers do.

Why it hurts
    The generator learns through the discriminator. A closed ReLU, and three of four pixels of a pooling window, have a
    gradient of exactly 0, so fewer parts of the image learn in which direction to change. Leaky ReLU and strides pass
    on a gradient everywhere.

How it is recognised
    By the layers in the model card, before the first step. This is a remark, never an alarm: the advice comes from
    practice (the DCGAN paper's guidelines, ganhacks), without a measurement that isolates it.

What it is not
    Good discriminators with ReLU exist, above all residual ones with spectral normalisation. ReLU in the generator
    does not count; nor does average pooling, whose gradient is nowhere 0. Units that are really dead show up in
    training (GD204).

What to do
    If the generator learns slowly, try leaky ReLU with a slope of 0.2, and convolutions of stride 2 or average
    pooling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.networks.network import Network
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Nothing to calibrate.

    Attributes:
        named: Layers named in a remark.
    """

    named: int = 6


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return remarks on ReLU and on max pooling."""
    return search_networks(run, lambda network: list(_sparse(network, limits)), players=("d",))


def _sparse(network: Network, limits: Limits) -> Iterator[Evidence]:
    closed = [
        i
        for i, stage in network.of_role("activation")
        if stage.activation in ("relu", "relu6") and network.end not in network.after(i)
    ]
    pooled = [i for i, stage in network.of_role("pooling") if "Max" in stage.layer.type]
    if closed:
        statement = Message(
            "The discriminator uses ReLU in {layers}: where it is closed, no gradient passes.",
            layers=network.listed(closed, limits.named),
        )
        yield card_evidence(statement, len(closed), None, map(network.address, closed), Severity.INFO)
    if pooled:
        statement = Message(
            "The discriminator uses max pooling in {layers}: only one pixel of each window has a gradient.",
            layers=network.listed(pooled, limits.named),
        )
        yield card_evidence(statement, len(pooled), None, map(network.address, pooled), Severity.INFO)


LIMITS = Limits()

RULE = Rule(
    id="GD107",
    name="sparse-discriminator",
    title=Message("ReLU or max pooling in the discriminator makes its gradients sparse"),
    severity=Severity.INFO,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("leaky-discriminator",),
    references=(
        "Radford et al., DCGAN, ICLR 2016, section 3 (leaky ReLU in the discriminator, strides for pooling)",
        "soumith/ganhacks, tip 5 (avoid sparse gradients)",
    ),
    page=__doc__,
    after_warm_up=False,
    # Remarks on a design that also trains well: nothing, unless just what they warn of was seen.
    explains=Explanation(
        symptoms=("GD201", "GD204"),
        critical=0.6,
        warning=0.5,
        info=0.45,
        same_as=("relu-without-leak",),
    ),
)
