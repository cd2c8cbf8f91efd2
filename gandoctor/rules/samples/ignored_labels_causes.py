"""What makes a generator ignore its labels (GD412).

The scores are judgement: 0.9 where the run shows the cause itself, a few hundredths where it rules it out.
"""

from __future__ import annotations

from gandoctor.measures.labels import EXCHANGES, own_label_wins_by_chance
from gandoctor.message import Message
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.samples.real_bands import sample_count
from gandoctor.store import Run
from gandoctor.store.cards import LabelCard

NOTHING = 1e-6
"""Relative squared change of the samples that is float32 rounding: the label has no way to the output."""

SIGNAL = "d_label_effect"
TIED = 0.5
PROBES_LEAST = 4
"""Probes in which every score must tie."""

NO_LABELS_FOR_D = Hypothesis(
    "discriminator-sees-no-labels",
    Message("The discriminator never sees the labels"),
    Message("Look at what the discriminator is called with: the label must be a part of it, or of what it returns."),
)
LABELS_DISREGARDED = Hypothesis(
    "discriminator-disregards-labels",
    Message("The discriminator is given the labels and disregards them"),
    Message("Score real images under their own and under other labels: the own one must win."),
)
LABELS_DIFFER = Hypothesis(
    "labels-differ-between-players",
    Message("Generated images are judged under other labels than they were made for"),
    Message("Compare the labels of one batch in both calls, row by row."),
)
LABELS_SHUFFLED = Hypothesis(
    "labels-shuffled-apart",
    Message("The labels do not belong to the real images: the two were shuffled apart"),
    Message("Show a few images of one training batch with their labels."),
)
NOT_CONNECTED = Hypothesis(
    "label-not-connected",
    Message("The label does not reach the generator's output"),
    Message("Call the generator twice with the same noise and different labels: the images must differ."),
)
AS_QUANTITY = Hypothesis(
    "class-number-as-quantity",
    Message("Class numbers reach the generator as a quantity beside the noise"),
    Message("Give them as one-hot rows or to an embedding: class 7 is not seven times class 1."),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank what keeps the label from meaning anything."""
    card = run.manifest.labels
    if card is None:
        return []
    return [
        _no_labels_for_d(card),
        _disregarded(run, card),
        _differ(card),
        _shuffled(card, found.limits.seen, found.limits.unseen),
        _not_connected(run),
        _as_quantity(card),
    ]


def _no_labels_for_d(card: LabelCard) -> Cause:
    if card.discriminator is None:
        return NO_LABELS_FOR_D.cause(0.3, Message("no label was recognised in what it is given"))
    if card.discriminator == "none":
        return NO_LABELS_FOR_D.cause(0.95, Message("it is given images alone"))
    return NO_LABELS_FOR_D.cause(0.02, Message("it is given {coding}", coding=card.discriminator))


def own_label_wins(run: Run) -> tuple[float | None, float]:
    """Return how likely a real image scores higher under its own label than under another, and what comes by chance.

    Both 0..1; None where it was not recorded.
    """
    card = run.manifest.labels
    classes = 2 if card is None else card.classes
    chance = own_label_wins_by_chance(sample_count(run), min(EXCHANGES, max(1, classes - 1)))
    return late_median(run, SIGNAL), chance


def does_not_read_labels(run: Run) -> bool:
    """Tell whether the discriminator's scores of real images were the same under every label, at each probe.

    Its own label then wins in exactly half of all cases: no score that depends on the label ever ties with another.
    """
    return SIGNAL in run and len(run[SIGNAL]) >= PROBES_LEAST and bool((run[SIGNAL] == TIED).all())


def _disregarded(run: Run, card: LabelCard) -> Cause:
    wins, chance = own_label_wins(run)
    if wins is None:
        return LABELS_DISREGARDED.cause(0.02 if card.discriminator == "none" else 0.3)
    if does_not_read_labels(run):
        return LABELS_DISREGARDED.cause(0.95, Message("its score of an image is the same under any label"))
    shown = Message(
        "the own label wins with probability {wins:.2f}; up to {chance:.2f} comes by chance", wins=wins, chance=chance
    )
    return LABELS_DISREGARDED.cause(0.6 if wins <= chance else 0.1, shown)


def _differ(card: LabelCard) -> Cause:
    if card.agreement is None:
        return LABELS_DIFFER.cause(0.02 if card.discriminator == "none" else 0.3)
    shown = Message("{share:.0%} of the labels correspond", share=card.agreement)
    return LABELS_DIFFER.cause(0.02 if card.agreement == 1 else 0.9, shown)


def _shuffled(card: LabelCard, seen: float, unseen: float) -> Cause:
    visible = card.real_visibility
    if visible is None:
        return LABELS_SHUFFLED.cause(0.02 if card.discriminator == "none" else 0.3)
    shown = Message("labels show in {share:.0%} of draws of 64 real images", share=visible)
    return LABELS_SHUFFLED.cause(0.8 if visible <= unseen else 0.03 if visible >= seen else 0.3, shown)


def _not_connected(run: Run) -> Cause:
    effect = late_median(run, "sample_label_effect")
    if effect is None:
        return NOT_CONNECTED.cause(0.2)
    shown = Message("another label moves a sample {effect:.2g} times as far as other noise, squared", effect=effect)
    return NOT_CONNECTED.cause(0.9 if effect <= NOTHING else 0.05, shown)


def _as_quantity(card: LabelCard) -> Cause:
    is_quantity = card.generator == "class numbers" and card.generator_beside
    return AS_QUANTITY.cause(0.5 if is_quantity else 0.02, Message("it is given {coding}", coding=card.generator))
