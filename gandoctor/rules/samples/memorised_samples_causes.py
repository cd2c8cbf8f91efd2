"""Why a generator may copy its training images: ranked hypotheses for GD408 and what decides each.

The scores are judgement: what the run shows decides where it can, and what was not recorded stays in between.
"""

from __future__ import annotations

import numpy as np

from gandoctor.message import Message
from gandoctor.rules.hypotheses.data import (
    FEW,
    HOLDOUT_DIFFERS,
    TOO_FEW_IMAGES,
    image_count,
    loader_repeats,
    shown_images,
)
from gandoctor.rules.hypotheses.training import DISCRIMINATOR_OVERFITS
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.samples.overfitted_share import OVERFITTED_SHARE, overfitted_share
from gandoctor.store import Run

EARLY_STEPS = 100
"""No generator has memorised images so soon."""
EARLY_COPYING = 0.9
"""The mean digit, which young samples resemble, has 0.63 to 0.87."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_few_images(run), loader_repeats(run), _overfitted(run), _holdout(run)]


def _few_images(run: Run) -> Cause:
    test = Message(
        "With twice as many images the copying comes later or not at all; with the same number and augmentation too."
    )
    count, _ = image_count(run)
    score = 0.5 if count is None else 0.9 if count < FEW else 0.2
    return TOO_FEW_IMAGES.cause(score, shown_images(run), test)


def _overfitted(run: Run) -> Cause:
    share = overfitted_share(*(late_median(run, f"d_{which}_logit") for which in ("real", "holdout", "fake")))
    test = Message(
        "It then scores held-out reals worse than trained-on ones, closer to generated images (GD304), and only copies "
        "please it."
    )
    if share is None:
        unknown = Message("not recorded, or it hardly tells reals and generated images apart")
        return DISCRIMINATOR_OVERFITS.cause(0.3, unknown, test)
    shown = Message("held-out reals have gone {share:.0%} of the way to generated images", share=share)
    return DISCRIMINATOR_OVERFITS.cause(0.75 if share > OVERFITTED_SHARE else 0.1, shown, test)


def _holdout(run: Run) -> Cause:
    series = run["sample_copying"]
    early = series.loc[:EARLY_STEPS].to_numpy()
    early = early[np.isfinite(early)]
    test = Message(
        "Swap the two sets in the monitor's call: if images still seem copied, it is their kind. Copying needs time, "
        "this does not: the value is high from the beginning."
    )
    if not early.size:
        return HOLDOUT_DIFFERS.cause(0.2, Message("no early probe"), test)
    highest = float(early.max())
    shown = Message("the value is at most {copying:.2f} up to step {step}", copying=highest, step=EARLY_STEPS)
    return HOLDOUT_DIFFERS.cause(0.5 if highest > EARLY_COPYING else 0.05, shown, test)
