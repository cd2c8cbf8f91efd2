"""Why a discriminator may not tell real from generated: ranked hypotheses for GD302 and what decides each."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.rules.hypotheses.networks import NO_LAYERS, TOO_MUCH_DROPOUT_RATE, dropout_of
from gandoctor.rules.hypotheses.players import LABELS_DISAGREE, STILL, discriminator_frozen, shown_movement
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

MUCH_DROPOUT = 0.7
SMALL = 0.05
"""Weights of the discriminator over those of the generator: 1.8 in the article, 0.4 at an eighth of its
width. Judgement."""
LEAK = 0.1
"""Movement of the discriminator in the generator's step over that in its own; the article's loop: about 0.5."""
INVERTED_AUC = 0.4

HARDLY_MOVES = Hypothesis(
    "discriminator-hardly-moves",
    Message("The discriminator's learning rate is too small to keep up"),
    Message(
        "An update should move its weights by about 1e-3 of their size; below {still:g} the discriminator stands "
        "still. With ten times the rate the AUC rises within a few dozen steps.",
        still=STILL,
    ),
)
MOVED_IN_BOTH_STEPS = Hypothesis(
    "discriminator-moved-in-both-steps",
    Message("The generator's update trains the discriminator too, backwards"),
    Message(
        "The generator's step pulls the discriminator towards calling its images real: the discriminator moves in that "
        "step (GD004). With separate lists of variables the AUC rises."
    ),
)
TOO_SMALL = Hypothesis(
    "discriminator-too-small",
    Message("The discriminator is too small for what it is shown"),
    Message(
        "Trained alone on a fixed set of reals and of these samples it does not reach an AUC of 0.9 either; one of "
        "twice the width does."
    ),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each.

    The scores are judgement: 0.9 where the run shows the cause at work, about 0.3 where nothing was recorded.
    """
    return [discriminator_frozen(run), _still(run), _leak(run), _dropout(run), _small(run), _labels(run)]


def _still(run: Run) -> Cause:
    ratio, rate = late_median(run, "d_update_ratio"), late_median(run, "d_learning_rate")
    score = 0.3 if ratio is None else 0.02 if ratio == 0 else 0.9 if ratio < STILL else 0.25
    return HARDLY_MOVES.cause(score, shown_movement(ratio, rate))


def _leak(run: Run) -> Cause:
    own, other = late_median(run, "d_update_in_d_step"), late_median(run, "d_update_in_g_step")
    if other is None:
        return MOVED_IN_BOTH_STEPS.cause(0.25)
    leaks = other > LEAK * (own or 0.0) and other > 0
    shown = Message("the discriminator moves by {other:.3g} there", other=other)
    if own is not None:
        shown = Message(
            "the discriminator moves by {other:.3g} there and by {own:.3g} in its own step", other=other, own=own
        )
    return MOVED_IN_BOTH_STEPS.cause(0.6 if leaks else 0.02, shown)


def _dropout(run: Run) -> Cause:
    rate = dropout_of(run.manifest.discriminator)
    test = Message("Lowering the rate to 0.4 or less lets the AUC rise.")
    if rate is None:
        return TOO_MUCH_DROPOUT_RATE.cause(0.15, NO_LAYERS, test)
    shown = Message("the discriminator's highest rate is {rate:g}", rate=rate)
    return TOO_MUCH_DROPOUT_RATE.cause(0.8 if rate >= MUCH_DROPOUT else 0.1, shown, test)


def _small(run: Run) -> Cause:
    cards = run.manifest.discriminator, run.manifest.generator
    sizes = [card.parameters for card in cards if card is not None and card.parameters > 0]
    if len(sizes) < 2:
        return TOO_SMALL.cause(0.2, NO_LAYERS)
    own, other = sizes
    shown = Message("it has {own:,} weights, the generator {other:,}", own=own, other=other)
    return TOO_SMALL.cause(0.5 if own / other < SMALL else 0.15, shown)


def _labels(run: Run) -> Cause:
    auc = late_median(run, "d_auc")
    test = Message(
        "An AUC well below 0.5 means that the discriminator ranks generated images above real ones. Print the labels "
        "that each step hands to its loss (GD008)."
    )
    shown = NOT_RECORDED if auc is None else Message("the AUC is {auc:.2f}", auc=auc)
    return LABELS_DISAGREE.cause(0.4 if auc is not None and auc < INVERTED_AUC else 0.05, shown, test)
