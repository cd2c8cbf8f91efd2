"""GD101: batch normalisation stands where it must not.

What it is
    Batch normalisation is the last thing before the generator's output or its output activation, or stands behind it;
    or it is the first thing that images meet in the discriminator; or it normalises the discriminator's own output.

Why it hurts
    On the generator's output it fixes mean and variance of every batch of images, whatever they show; in our one run
    the samples were a grid of artefacts. At the discriminator's input it takes brightness and contrast of a batch out
    of its sight. On the discriminator's output it is fatal by arithmetic: real and generated images in batches of
    their own get one and the same mean score, so that nothing separates them and the generator's loss cannot move.

How it is recognised
    From the order of the layers in the model card, exactly and before the first step, looking through layers that
    only move values.

What it is not
    Batch normalisation in the generator's hidden blocks is what makes deep generators train. In the discriminator's
    hidden blocks it belongs to the DCGAN design, as long as real and generated images come in batches of their own
    (GD106). Layer, group and spectral normalisation do not mix the images of a batch and are not meant here.

What to do
    Leave it out of the generator's last block and of the discriminator's first. If the discriminator needs a
    normalisation, take one that looks at each image alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.networks.layer_roles import Role
from gandoctor.rules.reading.model_card import IDLE, INPUT, Network, card_evidence, examined
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """There is nothing to calibrate.

    Attributes:
        allowed: Batch normalisations in these places. From the DCGAN paper.
    """

    allowed: int = 0


_TO_THE_END: frozenset[Role] = IDLE | {"rescaling"}
_FROM_THE_START: frozenset[Role] = IDLE | {"rescaling", "augmentation"}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Evidence for each batch normalisation in a wrong place."""
    return examined(run, lambda network: [*_at_output(network, limits), *_at_input(network, limits)])


def _at_output(network: Network, limits: Limits) -> list[Evidence]:
    evidence = []
    for i, stage in network.of_role("batch_norm"):
        following = network.after(i, _TO_THE_END)
        last = {j for j in following if j < network.end and network.stages[j].role == "activation"}
        before_activation = [j for j in last if network.end in network.after(j, _TO_THE_END)]
        if network.end not in following and not before_activation:
            continue
        behind = [j for j in network.before(i, IDLE) if j > INPUT and network.stages[j].role == "activation"]
        if before_activation:
            where = f"right before its output activation {network.named(before_activation[0])}"
        elif behind:
            where = f"behind its output activation {network.named(behind[0])}"
        else:
            where = "as its last layer"
        effect = (
            "it fixes mean and variance of every batch of images"
            if network.player == "generator"
            else "in batches of their own, real and generated images then get one and the same mean score"
        )
        statement = f"The {network.player} has the batch normalisation {stage.layer.address} {where}: {effect}."
        places = [i, *before_activation, *([] if before_activation else behind)]
        evidence.append(card_evidence(statement, 1, limits.allowed, map(network.address, places), Severity.CRITICAL))
    return evidence


def _at_input(network: Network, limits: Limits) -> list[Evidence]:
    if network.player != "discriminator":
        return []
    first = [(i, s) for i, s in network.of_role("batch_norm") if INPUT in network.before(i, _FROM_THE_START)]
    return [
        card_evidence(
            f"The discriminator's images go through the batch normalisation {stage.layer.address} first: their "
            "brightness and contrast as a batch are lost before anything has looked at them.",
            1,
            limits.allowed,
            [network.address(i)],
            Severity.WARNING,
        )
        for i, stage in first
    ]


LIMITS = Limits()

RULE = Rule(
    id="GD101",
    name="batch-norm-placement",
    title="Batch normalisation stands where it must not",
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("batch-norm-placement",),
    references=(
        "Radford et al., DCGAN, ICLR 2016, section 3: none on the generator's output and the discriminator's input",
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 3",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=(
            "GD010",
            "GD201",
            "GD301",
            "GD302",
            "GD303",
            "GD401",
            "GD402",
            "GD403",
            "GD404",
            "GD405",
            "GD406",
            "GD407",
        ),
        critical=0.93,
        warning=0.6,
        info=0.2,
        same_as=("batch-norm-placement",),
    ),
)
