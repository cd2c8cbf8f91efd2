"""Why a discriminator may know its training images by heart: ranked hypotheses for GD304 and what decides each."""

from __future__ import annotations

from typing import Any

from gandoctor.rules.balance.memorised_share import recorded_share
from gandoctor.rules.reading.repetition import few_batches, repeated_stretch
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

FEW = 1000
"""Real images that count as few for a network that sees each of them within a minute. Judgement: with 64 the share was
0.12 after 500 steps, with 4,000 it was 0.00."""
EARLY_STEPS = 60
"""A discriminator cannot have learnt thousands of images by heart in so few updates."""
APART = 1.0
"""d' from which an early share is worth looking at: two draws of 64 images alone give it a standard error of 0.18."""
SAME = 0.5
"""Share early on over that found, from which it was there from the beginning."""
ROUNDING, REPEATED, WINDOW, HANDFUL = 1e-6, 10, 60, 16
"""As in GD009: rounding of a batch's mean, successive repetitions, steps in which batches are counted, a few."""
LARGE = 500.0
"""Weights of the discriminator over values of one image; the article's has 5,500 at full width, 87 at an eighth."""
_AGAINST = ("Dropout", "Random", "Noise", "Augment")
"""What layers that hinder learning by heart have in their type's name."""


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_few_images(run), loader_repeats(run), _holdout(run), _unregularised(run), _large(run)]


def _few_images(run: Run) -> Cause:
    count, known = image_count(run)
    shown = "how many there are was not recorded" if count is None else f"{known} {count:,} different images"
    certain = count is not None and (count < FEW or known == "the settings declare")
    few = count is not None and count < FEW
    return Cause(
        "too-few-images",
        "There are too few real images",
        0.9 if few else 0.15 if certain else 0.5,
        "With twice as many images the share halves or comes much later; with the same number and augmentation too. "
        f"This run: {shown}.",
    )


def image_count(run: Run) -> tuple[int | None, str]:
    """Return how many images there are, as declared, else as many different ones as the monitor was given."""
    settings: Any = run.manifest.config.get("settings")
    data = settings.get("data") if isinstance(settings, dict) else None
    declared = data.get("training_images") if isinstance(data, dict) else None
    if isinstance(declared, int) and not isinstance(declared, bool):
        return declared, "the settings declare"
    card = run.manifest.data
    # What the monitor was given may be a part: only copies in it prove that there are no more.
    if card is None or card.distinct_count is None or card.distinct_count >= card.probe_count:
        return None, ""
    return card.distinct_count, f"among {card.probe_count:,} given to the monitor there are"


def loader_repeats(run: Run) -> Cause:
    """Return the hypothesis that the pipeline hands out a few batches only."""
    repeats = None
    if "real_mean" in run and "real_spread" in run:
        mean, spread = run["real_mean"], run["real_spread"]
        one = repeated_stretch(mean, spread, ROUNDING, REPEATED)
        few = few_batches(mean, spread, ROUNDING, WINDOW, HANDFUL)
        repeats = 1 if one is not None else few[1] if few is not None else 0
    shown = {None: "not recorded", 0: "no batch comes again within a few steps"}.get(
        repeats, f"the same {repeats} batches come again and again"
    )
    return Cause(
        "loader-repeats",
        "The data pipeline yields the same images again and again",
        0.2 if repeats is None else 0.95 if repeats else 0.03,
        f"Count the different images of one epoch (GD009): they must be as many as there are. This run: {shown}.",
    )


def _holdout(run: Run) -> Cause:
    table = recorded_share(run)
    apart = table[table["d_prime"] >= APART]["share"]
    early, late = apart.loc[:EARLY_STEPS], apart.loc[warm_up_end(run.manifest) :]
    known = len(early) > 0 and len(late) > 0
    alike = known and float(early.median()) > SAME * float(late.median())
    shown = "no early probe in which reals and fakes were apart"
    if known:
        shown = f"{early.median():.0%} up to step {EARLY_STEPS}, {late.median():.0%} after warm-up"
    return Cause(
        "holdout-differs",
        "The held-out images are of another kind than the trained-on ones",
        0.85 if alike else 0.05 if known else 0.2,
        "Swap both sets in the call of the monitor: if the sign of the difference stays with the set of images, it is "
        f"their kind; learning by heart needs time, this does not. This run: {shown}.",
    )


def _unregularised(run: Run) -> Cause:
    card = run.manifest.discriminator
    layers = card.layers if card is not None else []
    held = [layer for layer in layers if any(word in layer.type for word in _AGAINST)]
    active = [layer.name for layer in held if layer.settings.get("rate", 1) != 0]
    shown = "the layers were not recorded" if not layers else f"layers against it: {', '.join(active) or 'none'}"
    return Cause(
        "discriminator-unregularised",
        "Nothing keeps the discriminator from learning images by heart",
        0.35 if not layers else 0.3 if active else 0.6,
        "With shifted images, real and generated alike, the share stays near 0 for much longer. Augmentation outside "
        f"of the network is not seen here. This run: {shown}.",
    )


def _large(run: Run) -> Cause:
    card, data = run.manifest.discriminator, run.manifest.data
    ratio, shown = None, "the layers were not recorded"
    if card is not None and card.parameters > 0 and data is not None:
        values = 1
        for side in data.shape:
            values *= side
        ratio = card.parameters / max(1, values)
        shown = f"{card.parameters:,} weights, {ratio:,.0f} for each value of an image"
    return Cause(
        "discriminator-too-large",
        "The discriminator is large enough to hold the real images",
        0.25 if ratio is None else 0.4 if ratio > LARGE else 0.15,
        f"At half the width, everything else equal, the share comes later. This run: {shown}.",
    )
