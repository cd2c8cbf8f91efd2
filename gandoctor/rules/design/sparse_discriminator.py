"""GD107: the discriminator passes on few gradients: ReLU or max pooling.

What it is
    The discriminator uses ReLU as its activation, or max pooling to make its maps smaller, as networks that classify
    images do.

Why it hurts
    The generator learns through the discriminator. A closed ReLU and three of four pixels of a pooling window have a
    gradient of exactly 0, so that less of the image is told which way to change. Leaky ReLU and strides pass
    something on everywhere.

How it is recognised
    From the layers in the model card, before the first step. This is a remark, never an alarm: the advice is one of
    practice (the DCGAN paper's guidelines, ganhacks), without a measurement that isolates it.

What it is not
    Good discriminators with ReLU exist, residual ones with spectral normalisation above all. A ReLU of the generator
    is not meant; nor is average pooling, whose gradient is nowhere 0. Units that are in fact dead show in training
    (GD204).

What to do
    If the generator learns slowly, try leaky ReLU with slope 0.2, and convolutions of stride 2 or average pooling.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.rules.reading.model_card import Network, card_evidence, examined
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """There is nothing to calibrate.

    Attributes:
        named: Layers named in a remark.
    """

    named: int = 6


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Remarks on ReLU and on max pooling."""
    return examined(run, lambda network: _sparse(network, limits), players=("discriminator",))


def _sparse(network: Network, limits: Limits) -> list[Evidence]:
    closed = [
        i
        for i, stage in network.of_role("activation")
        if stage.activation in ("relu", "relu6") and network.end not in network.after(i)
    ]
    pooled = [i for i, stage in network.of_role("pooling") if "Max" in stage.layer.type]
    evidence = []
    for places, said in (
        (closed, "The discriminator's activation is a ReLU in {names}: where it is closed, no gradient passes."),
        (pooled, "The discriminator has max pooling in {names}: one pixel of every window has a gradient."),
    ):
        if places:
            names = ", ".join(network.stages[i].layer.address for i in places[: limits.named])
            more = len(places) - limits.named
            names += f" and {more} more" if more > 0 else ""
            layers = map(network.address, places)
            evidence.append(card_evidence(said.format(names=names), len(places), None, layers, Severity.INFO))
    return evidence


LIMITS = Limits()

RULE = Rule(
    id="GD107",
    name="sparse-discriminator",
    title="ReLU or max pooling in the discriminator pass on few gradients",
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
