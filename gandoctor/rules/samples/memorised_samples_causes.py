"""Why a generator may copy its training images: ranked hypotheses for GD408 and what decides each."""

from __future__ import annotations

import numpy as np

from gandoctor.rules.hypotheses.data import FEW, image_count, loader_repeats
from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.store import Run

OVERFITTED_SHARE = 0.1
"""Way of the held-out reals from the trained-on ones to generated images, in the discriminator's eyes: healthy runs had
0.00 +- 0.03, one with 64 images 0.12."""
LEAST_GAP = 0.5
"""Logits between trained-on reals and generated images below which that way has no meaning."""
EARLY_STEPS = 100
"""No generator has learnt images by heart so soon."""
EARLY_COPYING = 0.9
"""The mean digit, which young samples resemble, has 0.63 to 0.87."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_few_images(run), loader_repeats(run), _overfitted(run), _holdout(run)]


def _few_images(run: Run) -> Cause:
    count, known = image_count(run)
    few = count is not None and count < FEW
    shown = "how many there are was not recorded" if count is None else f"{known} {count:,} different images"
    return Cause(
        "too-few-images",
        "There are too few real images",
        0.9 if few else 0.5 if count is None else 0.2,
        "With twice as many images the copying comes later or not at all; with the same number and augmentation too. "
        f"This run: {shown}.",
    )


def _overfitted(run: Run) -> Cause:
    real, holdout, fake = (late_median(run, f"d_{which}_logit") for which in ("real", "holdout", "fake"))
    share = None
    if real is not None and holdout is not None and fake is not None and abs(real - fake) > LEAST_GAP:
        share = (real - holdout) / (real - fake)
    shown = "not recorded, or reals and generated images are hardly told apart"
    if share is not None:
        shown = f"they have gone {share:.0%} of that way"
    return Cause(
        "discriminator-overfits",
        "The discriminator knows its training images by heart",
        0.3 if share is None else 0.75 if share > OVERFITTED_SHARE else 0.1,
        "It then scores held-out reals worse than trained-on ones, on the way to generated images (GD304), and only "
        f"copies please it. This run: {shown}.",
    )


def _holdout(run: Run) -> Cause:
    series = run["sample_copying"]
    early = series.loc[:EARLY_STEPS].to_numpy()
    early = early[np.isfinite(early)]
    highest = float(early.max()) if early.size else None
    shown = "no early probe" if highest is None else f"at most {highest:.2f} up to step {EARLY_STEPS}"
    return Cause(
        "holdout-differs",
        "The held-out images are of another kind than the trained-on ones",
        0.2 if highest is None else 0.5 if highest > EARLY_COPYING else 0.05,
        "Swap both sets in the call of the monitor: if images still seem copied, it is their kind. Copying needs time, "
        f"this does not: the value is high from the beginning. This run: {shown}.",
    )
