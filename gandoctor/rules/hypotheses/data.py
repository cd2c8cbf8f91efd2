"""Hypotheses on the data: how many real images there are, and in which order the pipeline yields them.

The scores are judgement: 0.9 and more where the run shows the cause itself, a few hundredths where it rules it out.
"""

from __future__ import annotations

import math

from gandoctor.message import Message, counted
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.real_batches import REPEATED, ROUNDING
from gandoctor.rules.reading.repetition import few_batches, repeated_stretch
from gandoctor.rules.rule import Cause
from gandoctor.store import Run

FEW = 1000
"""Real images that count as few for a network that sees each of them within a minute. Judgement: with 64 the share was
0.12 after 500 steps, with 4,000 it was 0.00."""
WINDOW, HANDFUL = 60, 16
"""Steps in which batches are counted, and how many of them are a few: sooner and wider than GD009 (200 and 4), as this
only ranks a cause."""

TOO_FEW_IMAGES = Hypothesis(
    "too-few-images",
    Message("There are too few real images"),
    Message(
        "With twice as many images the share halves or grows much later. So it does with as many and augmentation."
    ),
)
LOADER_REPEATS = Hypothesis(
    "loader-repeats",
    Message("The data pipeline yields the same images again and again"),
    Message("Count the different images of one epoch (GD009): there must be as many as the data set has."),
)
HOLDOUT_DIFFERS = Hypothesis(
    "holdout-differs",
    Message("The held-out images are of another kind than the training images"),
    Message("Swap the two sets in the call of the monitor: the sign of the difference stays with the set of images."),
)
BAD_DATA = Hypothesis(
    "bad-data",
    Message("The data hold NaN or values far outside the range the networks expect"),
    Message(
        "Check `numpy.isfinite(x).all()` over the training data, and their minimum and maximum. A single bad image "
        "strikes once an epoch."
    ),
)


def too_few_images(run: Run) -> Cause:
    """Score that there are too few images: a declared number settles it, a counted one may be a part of them."""
    count, declared = image_count(run)
    score = 0.5
    if count is not None:
        score = 0.9 if count < FEW else 0.15 if declared else 0.5
    return TOO_FEW_IMAGES.cause(score, shown_images(run))


def shown_images(run: Run) -> Message:
    """Return how many different real images there are, as far as that is known."""
    count, declared = image_count(run)
    if count is None:
        return Message("the number of real images was not recorded")
    if declared:
        return Message("{count:,} training images are declared", count=count)
    card = run.manifest.data
    given, distinct = (0, 0) if card is None else (card.probe_count, card.distinct_count or 0)
    return Message(
        "the {given:,} images given to the monitor are {count:,} different ones", given=given, count=distinct
    )


def image_count(run: Run) -> tuple[int | None, bool]:
    """Return about how many different images there are, and whether that was declared; None where it is not known."""
    declared = run.manifest.declared.training_images
    if declared is not None:
        return declared, True
    card = run.manifest.data
    # What the monitor was given may be a part: only copies in it prove that there are no more.
    if card is None or card.distinct_count is None or card.distinct_count >= card.probe_count:
        return None, False
    return _size_of_set(card.distinct_count, card.probe_count), False


def _size_of_set(distinct: int, drawn: int) -> int:
    """Return how large a set is of which so many draws with replacement are expected to give so many different ones."""

    def expected(size: float) -> float:
        return -size * math.expm1(drawn * math.log1p(-1.0 / size)) if size > 1 else 1.0

    low, high = float(distinct), float(distinct)
    while expected(high) < distinct:
        high *= 2.0
    while high - low > 0.5:
        middle = (low + high) / 2.0
        low, high = (middle, high) if expected(middle) < distinct else (low, middle)
    return round(high)


def loader_repeats(run: Run) -> Cause:
    """Score that the pipeline hands out a few batches only."""
    if "real_mean" not in run or "real_spread" not in run:
        return LOADER_REPEATS.cause(0.2, NOT_RECORDED)
    mean, spread = run["real_mean"], run["real_spread"]
    if repeated_stretch(mean, spread, ROUNDING, REPEATED) is not None:
        repeats = 1
    else:
        few = few_batches(mean, spread, ROUNDING, WINDOW, HANDFUL)
        repeats = few[1] if few is not None else 0
    if not repeats:
        return LOADER_REPEATS.cause(0.03, Message("no batch comes back within a few steps"))
    shown = counted(
        "the same batch comes back again and again", "the same {n} batches come back again and again", repeats
    )
    return LOADER_REPEATS.cause(0.95, shown)
