"""GD101: batch normalisation in a place where it does harm.

What it is
    Batch normalisation sits right before the generator's output or its output activation, or after it; or it is the
    first thing images meet in the discriminator; or it normalises the discriminator's own output; or it is anywhere in
    a discriminator whose loss has a gradient penalty.

Why it hurts
    On the discriminator's output it is fatal by arithmetic: real and generated images in separate batches get the
    same mean score, so nothing separates them and the generator's loss cannot move. On the generator's output it fixes
    the mean and variance of every batch of images, whatever they show. The DCGAN paper saw samples oscillate; in our
    one run they were a grid of artefacts; yet Keras's WGAN-GP example has it there and trains. It is a suspect, so a
    warning. At the discriminator's input it hides the brightness and contrast of a batch.
    A gradient penalty is on the slope of each image's score by itself; with batch normalisation that score depends on
    all others of the batch, and the penalty no longer says what it is meant to.

How it is recognised
    By the order of the layers in the model card, exactly and before the first step. Layers that only move values are
    skipped. Whether there is a penalty is seen in the first steps: something was differentiated with respect to an
    input.

What it is not
    Batch normalisation in the generator's hidden blocks is what makes deep generators train. In the discriminator's
    hidden blocks it belongs to the DCGAN design, as long as real and generated images come in separate batches (GD106)
    and no gradient is penalised. Layer, group and spectral normalisation do not mix the images of a batch and do not
    count here.

What to do
    Leave it out of the generator's last block and of the discriminator's first. If the discriminator needs
    normalisation, choose one that looks at each image alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.networks.layer_roles import Role
from gandoctor.networks.network import IDLE, INPUT, Network
from gandoctor.player_names import NAMES
from gandoctor.rules.reading.model_card import card_evidence, search_networks
from gandoctor.rules.rule import Evidence, Explanation, Rule, Severity
from gandoctor.store import Run


@dataclass(frozen=True)
class Limits:
    """Nothing to calibrate.

    Attributes:
        allowed: Batch normalisations in these places. From the DCGAN paper.
    """

    allowed: int = 0


_TO_THE_END: frozenset[Role] = IDLE | {"rescaling"}
_FROM_THE_START: frozenset[Role] = IDLE | {"rescaling", "augmentation"}


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence of each misplaced batch normalisation."""
    penalised = run.manifest.objective is not None and run.manifest.objective.penalised

    def search(network: Network) -> list[Evidence]:
        found = [*_at_output(network, limits), *_at_input(network, limits)]
        return found or (list(_under_penalty(network, limits)) if penalised else [])

    return search_networks(run, search)


def _at_output(network: Network, limits: Limits) -> Iterator[Evidence]:
    for i, _ in network.of_role("batch_norm"):
        following = network.after(i, _TO_THE_END)
        last = {j for j in following if j < network.end and network.stages[j].role == "activation"}
        before_activation = [j for j in last if network.end in network.after(j, _TO_THE_END)]
        if network.end not in following and not before_activation:
            continue
        behind = [j for j in network.before(i, IDLE) if j > INPUT and network.stages[j].role == "activation"]
        places = [i, *before_activation, *([] if before_activation else behind)]
        statement = Message(
            "{where}: {effect}.", where=_where(network, i, before_activation, behind), effect=_effect(network)
        )
        # Batches of one data set differ little in mean and variance, and scale and offset are learned: G may train.
        severity = Severity.CRITICAL if network.player == "d" else Severity.WARNING
        yield card_evidence(statement, 1, limits.allowed, map(network.address, places), severity)


def _where(network: Network, position: int, before_activation: list[int], behind: list[int]) -> Message:
    player, norm = NAMES[network.player], network.stages[position].layer.address
    if before_activation:
        return Message(
            "The {player} has batch normalisation ({norm}) right before its output activation {activation}",
            player=player,
            norm=norm,
            activation=network.named(before_activation[0]),
        )
    if behind:
        return Message(
            "The {player} has batch normalisation ({norm}) after its output activation {activation}",
            player=player,
            norm=norm,
            activation=network.named(behind[0]),
        )
    return Message("The {player} ends in batch normalisation ({norm})", player=player, norm=norm)


def _effect(network: Network) -> Message:
    if network.player == "g":
        return Message("it fixes the mean and variance of every batch of images")
    return Message("real and generated images in separate batches then get the same mean score")


def _at_input(network: Network, limits: Limits) -> Iterator[Evidence]:
    if network.player != "d":
        return
    for i, stage in network.of_role("batch_norm"):
        if INPUT not in network.before(i, _FROM_THE_START):
            continue
        statement = Message(
            "The discriminator's images pass through batch normalisation ({norm}) first: the brightness and contrast "
            "of the batch are lost before any other layer sees them.",
            norm=stage.layer.address,
        )
        yield card_evidence(statement, 1, limits.allowed, [network.address(i)], Severity.WARNING)


def _under_penalty(network: Network, limits: Limits) -> Iterator[Evidence]:
    places = [i for i, _ in network.of_role("batch_norm")]
    if network.player != "d" or not places:
        return
    statement = Message(
        "The loss has a gradient penalty, on the slope of each image's score by itself. With batch normalisation "
        "({norms}) a score depends on all images of the batch.",
        norms=tuple(network.stages[i].layer.address for i in places),
    )
    yield card_evidence(statement, len(places), limits.allowed, map(network.address, places), Severity.WARNING)


LIMITS = Limits()

RULE = Rule(
    id="GD101",
    name="batch-norm-placement",
    title=Message("Batch normalisation is in the wrong place"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("batch-norm-placement",),
    references=(
        "Radford et al., DCGAN, ICLR 2016, section 3: none on the generator's output and the discriminator's input",
        "R. Atienza, GAN by Example using Keras on TensorFlow Backend, 2017, problem 3",
        "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017, section 4 (none in the critic)",
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
        warning=0.8,
        info=0.2,
        same_as=("batch-norm-placement",),
    ),
)
