"""GD106: batch normalisation in a discriminator that sees real and generated images in one batch.

What it is
    The discriminator has batch normalisation and is trained on batches that hold both kinds of images, concatenated.
    The generator's step gives it generated images alone.

Why it hurts
    In a mixed batch the statistics of the whole batch give every image away: the discriminator learns to tell the
    upper half of a batch from the lower. On a batch of one kind that knowledge is gone. It is another function there,
    and the generator is trained against that one. In our runs the discriminator's loss went to 0 within 20 steps while
    the generator's stayed near 1, which no single game allows, and the samples did not improve.

How it is recognised
    The model card shows the batch normalisation, but not how batches are composed; training shows that. The loss of
    the discriminator's own step is compared with the share of images the same discriminator gets wrong, in training
    mode, when it sees each kind alone. A wrong image costs at least ln 2 of cross-entropy (0.25 of least squares, 1 of
    hinge), so a loss close to 0 next to a quarter of wrong images proves that the two are not the same function. The
    logits must also move when reals join the batch (d_batch_gap), and the generator must make the same images in
    training and inference: otherwise the images differ and not the discriminator. Once proved, the finding stays: how
    batches are composed is in the code.

What it is not
    Batch normalisation in the discriminator is the DCGAN paper's own design, with real and generated images in
    separate batches. Its logits move just as much when the monitor mixes batches; that alone is no sign. Losses that
    cannot belong to one game for other reasons are GD008 and GD010.

What to do
    Call the discriminator once on the real and once on the generated images and add the two losses, or normalise each
    image by itself: layer or spectral normalisation, or none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gandoctor.loss_families import OBJECTIVES
from gandoctor.message import Message, sentences
from gandoctor.networks.network import Network
from gandoctor.rules.reading.model_card import network_of
from gandoctor.rules.reading.persistence import persistent_episode
from gandoctor.rules.reading.phase_agreement import refuse_labels_beyond
from gandoctor.rules.rule import Evidence, Explanation, NotEvaluated, Rule, Severity, not_recorded
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Limits:
    """Thresholds, next to an inequality that needs none.

    Measured over 200 to 250 steps of the quick preset, the loss over the cost of the wrong images at its lowest: mixed
    batches, four runs, 0.001 and less; batches of one kind, five runs of three designs, 0.6 and more.

    Attributes:
        wrong: Share of images that must be wrong when each kind is alone: 0.15 of 64 is more than chance.
        share: Of what the wrong images must cost, up to which the loss is impossible: a step lies between the two.
        batch_gap: Shift of the fakes' mean logit by reals in their batch, over the logits' spread.
        generator_gap: Difference of the generator's training- and inference-mode images above which nothing is said.
        judged_from: First step looked at: the first batches are of statistics that were never trained.
    """

    wrong: float = 0.15
    share: float = 0.25
    batch_gap: float = 1.0
    generator_gap: float = 0.5
    judged_from: int = 3


_SIGNALS = ("d_loss", "d_batch_gap", "d_real_accuracy_training", "d_fake_accuracy_training")


def detect(run: Run, limits: Limits) -> list[Evidence]:
    """Return evidence that the discriminator is another function in its own step."""
    network = network_of(run, "d")
    norms = [i for i, _ in network.of_role("batch_norm")]
    if not norms:
        return []
    cost = _cost_of_a_wrong_image(run, network, norms)
    table = _at_probes(run)
    holds = (table["wrong"] >= limits.wrong) & (table["loss"] < limits.share * cost * table["wrong"])
    holds &= (table["gap"] >= limits.batch_gap) & (table["generator"] <= limits.generator_gap)
    episode = persistent_episode(holds, limits.judged_from)
    if episode is None:
        return []
    there = episode.of(table[holds]["gap"]).index
    wrong, loss, gap = (float(table.loc[there, name].median()) for name in ("wrong", "loss", "gap"))
    statement = Message(
        "From step {first} to {last} the discriminator's loss in its own step was {loss:.2g}. Yet when it saw real and "
        "generated images apart, it got {wrong:.0%} wrong, which costs at least {cost:.2g}: it is not the same "
        "function there. Reals in the batch move the logits of fakes by {gap:.2g} times their spread.",
        first=episode.first_step,
        last=episode.last_step,
        loss=loss,
        wrong=wrong,
        cost=cost * wrong,
        gap=gap,
    )
    return [
        Evidence(
            "d_batch_gap",
            gap,
            limits.batch_gap,
            episode.first_step,
            episode.last_step,
            sentences(_has_batch_norm(network, norms), statement),
            layers=tuple(dict.fromkeys(map(network.address, norms))),
        )
    ]


def _has_batch_norm(network: Network, norms: list[int]) -> Message:
    return Message("The discriminator has batch normalisation ({layers}).", layers=network.listed(norms, 1))


def _cost_of_a_wrong_image(run: Run, network: Network, norms: list[int]) -> float:
    """Return what one wrong image adds at least to a loss averaged over both kinds.

    An image on the border costs as much as at equilibrium, in the convention that makes the loss smallest.

    Raises:
        NotEvaluated: The family sets no least cost, or training has not shown what is needed.
    """
    has, family = _has_batch_norm(network, norms), run.manifest.loss_family
    if family is None:
        unknown = Message("Whether its batches are mixed cannot be told: the loss family is unknown.")
        raise NotEvaluated(sentences(has, unknown))
    cost = OBJECTIVES[family].least_d_equilibrium
    if cost is None:
        unbounded = Message(
            "Whether its batches are mixed cannot be told: a {family} loss has no lower bound.",
            family=OBJECTIVES[family].title,
        )
        raise NotEvaluated(sentences(has, unbounded))
    for name in _SIGNALS:
        if name not in run:
            only_training = Message("Only training shows whether its batches are mixed.")
            raise NotEvaluated(sentences(has, only_training, not_recorded(run, name)))
    refuse_labels_beyond(run)
    return cost


def _at_probes(run: Run) -> pd.DataFrame:
    """Return, for each probe with all of them: share wrong, loss since the probe before, both gaps."""
    import pandas as pd

    accuracy = (run["d_real_accuracy_training"] + run["d_fake_accuracy_training"]) / 2
    table = pd.DataFrame({"wrong": 1.0 - accuracy, "gap": run["d_batch_gap"]}).dropna()
    losses = run["d_loss"]
    starts = [0, *table.index[:-1]]
    since = [losses.loc[start + 1 : end] for start, end in zip(starts, table.index, strict=True)]
    table["loss"] = [float(part.median()) if len(part) else math.nan for part in since]
    if "sample_train_infer_gap" in run:
        table["generator"] = run["sample_train_infer_gap"].reindex(table.index)
    else:
        table["generator"] = 0.0
    return table


LIMITS = Limits()

RULE = Rule(
    id="GD106",
    name="mixed-batch-batch-norm",
    title=Message("Batch normalisation gives away which images of a mixed batch are real"),
    severity=Severity.CRITICAL,
    requires=(),
    detect=detect,
    limits=LIMITS,
    treatments=("separate-batches", "spectral-normalisation", "batch-norm-placement"),
    references=(
        "soumith/ganhacks, tip 4 (batches of only real or only generated images)",
        "Radford et al., DCGAN, ICLR 2016",
        "tensorflow/tensorflow issue 37673 (both losses near 0 with batch normalisation in the discriminator)",
    ),
    page=__doc__,
    after_warm_up=False,
    explains=Explanation(
        symptoms=("GD010", "GD301", "GD302", "GD303", "GD401", "GD403", "GD404", "GD405", "GD407"),
        critical=0.96,
        warning=0.6,
        info=0.2,
        same_as=("batch-norm-in-discriminator",),
    ),
)
