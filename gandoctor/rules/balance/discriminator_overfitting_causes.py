"""Why a discriminator may have memorised its training images: ranked hypotheses for GD304 and what decides each."""

from __future__ import annotations

from math import prod

from gandoctor.message import Message
from gandoctor.rules.balance.memorised_share import recorded_share
from gandoctor.rules.hypotheses.data import HOLDOUT_DIFFERS, loader_repeats, too_few_images
from gandoctor.rules.hypotheses.networks import NO_LAYERS
from gandoctor.rules.hypothesis import Hypothesis
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

EARLY_STEPS = 60
"""A discriminator cannot have learnt thousands of images by heart in so few updates."""
APART = 1.0
"""d' from which an early share is worth looking at: two draws of 64 images alone give it a standard error of 0.18."""
SAME = 0.5
"""Share early on over that found, from which it was there from the beginning."""
LARGE = 500.0
"""Weights of the discriminator over values of one image; the article's has 5,500 at full width, 87 at an eighth."""
_AGAINST = ("Dropout", "Random", "Noise", "Augment")
"""What layers that hinder memorisation have in their type's name."""

UNREGULARISED = Hypothesis(
    "discriminator-unregularised",
    Message("Nothing keeps the discriminator from memorising images"),
    Message(
        "With shifted images, real and generated alike, the share stays near 0 for much longer. Augmentation outside "
        "the network is not seen here."
    ),
)
TOO_LARGE = Hypothesis(
    "discriminator-too-large",
    Message("The discriminator is large enough to hold the real images"),
    Message("At half the width, everything else equal, the share grows later."),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [too_few_images(run), loader_repeats(run), _holdout(run), _unregularised(run), _large(run)]


def _holdout(run: Run) -> Cause:
    """Score that the sets differ in kind: memorising needs time, a difference in kind is there at once."""
    table = recorded_share(run)
    apart = table[table["d_prime"] >= APART]["share"]
    early, late = apart.loc[:EARLY_STEPS], apart.loc[warm_up_end(run) :]
    if not len(early) or not len(late):
        return HOLDOUT_DIFFERS.cause(0.2, Message("no early probe has reals and fakes apart"))
    before, after = float(early.median()), float(late.median())
    shown = Message(
        "the share is {early:.0%} up to step {step} and {late:.0%} after warm-up",
        early=before,
        step=EARLY_STEPS,
        late=after,
    )
    return HOLDOUT_DIFFERS.cause(0.85 if before > SAME * after else 0.05, shown)


def _unregularised(run: Run) -> Cause:
    card = run.manifest.discriminator
    layers = card.layers if card is not None else []
    if not layers:
        return UNREGULARISED.cause(0.35, NO_LAYERS)
    held = [layer for layer in layers if any(word in layer.type for word in _AGAINST)]
    active = tuple(layer.name for layer in held if layer.settings.get("rate", 1) != 0)
    if not active:
        return UNREGULARISED.cause(0.6, Message("no layer of the discriminator hinders it"))
    return UNREGULARISED.cause(0.3, Message("{layers} hinder it", layers=active))


def _large(run: Run) -> Cause:
    card, data = run.manifest.discriminator, run.manifest.data
    if card is None or card.parameters <= 0 or data is None:
        return TOO_LARGE.cause(0.25, NO_LAYERS)
    ratio = card.parameters / max(1, prod(data.shape))
    shown = Message(
        "it has {weights:,} weights, {ratio:,.0f} for each value of an image", weights=card.parameters, ratio=ratio
    )
    return TOO_LARGE.cause(0.4 if ratio > LARGE else 0.15, shown)
