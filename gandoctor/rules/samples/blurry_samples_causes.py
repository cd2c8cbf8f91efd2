"""Why samples may be blurry: ranked hypotheses for GD407 and what decides each.

The scores are judgement: what the run shows decides where it can, and a hypothesis of which nothing was recorded stays
between those it speaks for and those it speaks against.
"""

from __future__ import annotations

from gandoctor.message import Message, clauses
from gandoctor.rules.hypotheses.networks import NO_LAYERS
from gandoctor.rules.hypotheses.players import (
    DISCRIMINATOR_FROZEN,
    DISCRIMINATOR_LEARNS_FASTER,
    GENERATOR_NOT_MOVING,
    STILL,
    shown_movement,
)
from gandoctor.rules.hypotheses.training import NOT_FINISHED
from gandoctor.rules.hypothesis import NOT_RECORDED, Hypothesis
from gandoctor.rules.reading.late_values import late_median, medians_of_halves
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import LayerCard, Run

_SMOOTHERS = ("UpSampling", "AveragePooling", "Resizing", "GaussianBlur", "Blur")
"""Parts of the types of layers that smooth what they are given; after the last weights nothing sharpens it again."""
WEAK_AUC = 0.6
STRONG_AUC = 0.99
STRONG_GAP = 8.0
"""Logits this far apart leave a generator little to follow (by then healthy runs stay below 5)."""

OUTPUT_SMOOTHED = Hypothesis(
    "output-smoothed",
    Message("A layer after the generator's last weights smooths the image"),
    Message("Without the layer, or with a convolution after it, the images are sharp."),
)
DISCRIMINATOR_TOO_WEAK = Hypothesis(
    "discriminator-too-weak",
    Message("The discriminator cannot see that the samples are blurry"),
    Message(
        "Blur is easy to see: a discriminator that scores blurry samples like reals (AUC near 0.5) has too few layers "
        "or too large strides, or learns too slowly."
    ),
)
PIXEL_LOSS = Hypothesis(
    "pixel-loss",
    Message("The generator is also trained on a pixel loss, as an autoencoder is"),
    Message(
        "Train once without it, or with a tenth of its weight: the adversarial loss alone brings the edges back. By a "
        "squared error, the best answer to an uncertain pixel is the average."
    ),
)


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [
        _smoothing_layer(run),
        _frozen_discriminator(run),
        _weak_discriminator(run),
        _strong_discriminator(run),
        _still_generator(run),
        _not_finished(run),
        PIXEL_LOSS.cause(0.35, Message("what the generator's loss is made of was not recorded")),
    ]


def _smoothing_layer(run: Run) -> Cause:
    card = run.manifest.generator
    if card is None or not card.layers:
        return OUTPUT_SMOOTHED.cause(0.2, NO_LAYERS)
    behind = []
    for layer in reversed(card.layers):
        if layer.parameters > 0:
            break
        if any(part in layer.type for part in _SMOOTHERS) and not _repeats_pixels(layer):
            behind.append(layer.name)
    if not behind:
        return OUTPUT_SMOOTHED.cause(0.03, Message("there is no such layer"))
    return OUTPUT_SMOOTHED.cause(
        0.9, Message("after the last weights, these layers smooth: {layers}", layers=tuple(behind))
    )


def _repeats_pixels(layer: LayerCard) -> bool:
    """Tell whether a layer enlarges by repeating pixels, which makes blocks and no blur."""
    return "UpSampling" in layer.type and layer.settings.get("interpolation") == "nearest"


def _frozen_discriminator(run: Run) -> Cause:
    moves = late_median(run, "d_update_in_d_step")
    if moves is None:
        return DISCRIMINATOR_FROZEN.cause(0.2)
    return DISCRIMINATOR_FROZEN.cause(
        0.95 if moves == 0 else 0.02, Message("they move by {moves:.3g} (L2 norm)", moves=moves)
    )


def _weak_discriminator(run: Run) -> Cause:
    auc = late_median(run, "d_auc")
    if auc is None:
        return DISCRIMINATOR_TOO_WEAK.cause(0.3)
    return DISCRIMINATOR_TOO_WEAK.cause(0.8 if auc < WEAK_AUC else 0.1, Message("its AUC is {auc:.2f}", auc=auc))


def _strong_discriminator(run: Run) -> Cause:
    auc, gap = late_median(run, "d_auc"), late_median(run, "d_logit_gap")
    test = Message(
        "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the high-frequency "
        "share rises."
    )
    if auc is None and gap is None:
        return DISCRIMINATOR_LEARNS_FASTER.cause(0.3, NOT_RECORDED, test)
    won = (auc is not None and auc > STRONG_AUC) and (gap is None or gap > STRONG_GAP)
    shown = clauses(
        None if auc is None else Message("its AUC is {auc:.3f}", auc=auc),
        None if gap is None else Message("the logits of real and generated images are {gap:.1f} apart", gap=gap),
    )
    return DISCRIMINATOR_LEARNS_FASTER.cause(0.7 if won else 0.1, shown, test)


def _still_generator(run: Run) -> Cause:
    ratio = late_median(run, "g_update_ratio")
    if ratio is None:
        return GENERATOR_NOT_MOVING.cause(0.2)
    return GENERATOR_NOT_MOVING.cause(0.9 if ratio < STILL else 0.03, shown_movement(ratio, None))


def _not_finished(run: Run) -> Cause:
    early, late = medians_of_halves(run["sample_high_frequency"].loc[warm_up_end(run) :])
    shown = Message(
        "its median after warm-up went from {early:.2g} in the first half to {late:.2g} in the second",
        early=early,
        late=late,
    )
    test = Message("The high-frequency share keeps rising over the last probes.")
    return NOT_FINISHED.cause(0.6 if late > 1.5 * early else 0.1, shown, test)
