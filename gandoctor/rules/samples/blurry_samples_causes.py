"""Why samples may be blurry: ranked hypotheses for GD407 and what decides each."""

from __future__ import annotations

from gandoctor.rules.reading.late_values import late_median
from gandoctor.rules.rule import Cause, Found
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run

_SMOOTHERS = ("UpSampling", "AveragePooling", "Resizing", "GaussianBlur", "Blur")
"""Parts of the types of layers that smooth what they are given; behind the last weights nothing sharpens it again."""
WEAK_AUC = 0.6
STRONG_AUC = 0.99
STRONG_GAP = 8.0
"""Logits this far apart leave a generator little to follow (by then healthy runs stay below 5)."""
STILL_GENERATOR = 1e-5


def causes(run: Run, found: Found) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [
        _smoothing_layer(run),
        _frozen_discriminator(run),
        _weak_discriminator(run),
        _strong_discriminator(run),
        _still_generator(run),
        _not_finished(run),
        Cause(
            "pixel-loss",
            "The generator is also trained on a pixel loss (as an autoencoder is)",
            0.35,
            "Train once without it, or with a tenth of its weight: with the game alone the edges come back. The best "
            "answer to an uncertain pixel, by a squared error, is the average. This run: what the generator's loss is "
            "made of was not recorded.",
        ),
    ]


def _smoothing_layer(run: Run) -> Cause:
    card = run.manifest.generator
    layers = card.layers if card is not None else []
    behind = []
    for layer in reversed(layers):
        if layer.parameters > 0:
            break
        if any(part in layer.type for part in _SMOOTHERS) and not _only_repeats(layer.settings, layer.type):
            behind.append(layer.name)
    shown = "the layers were not recorded" if not layers else f"such layers: {', '.join(behind) or 'none'}"
    return Cause(
        "output-smoothed",
        "A layer behind the generator's last weights smooths the image",
        0.9 if behind else 0.2 if not layers else 0.03,
        "Taking the layer off, or putting a convolution behind it, sharpens the images. This run: " + shown + ".",
    )


def _only_repeats(settings: dict[str, object], kind: str) -> bool:
    """Tell whether an enlargement repeats pixels, which makes blocks and no blur."""
    return "UpSampling" in kind and settings.get("interpolation") == "nearest"


def _frozen_discriminator(run: Run) -> Cause:
    moves = late_median(run, "d_update_in_d_step")
    return Cause(
        "discriminator-frozen",
        "The discriminator does not train",
        0.2 if moves is None else 0.95 if moves == 0 else 0.02,
        "Its weights do not move in its own update. This run: "
        + ("not recorded." if moves is None else f"they move by {moves:.3g} (L2 norm)."),
    )


def _weak_discriminator(run: Run) -> Cause:
    auc = late_median(run, "d_auc")
    return Cause(
        "discriminator-too-weak",
        "The discriminator cannot see that the samples are blurry",
        0.3 if auc is None else 0.8 if auc < WEAK_AUC else 0.1,
        "Blur is easy to see: a discriminator that scores blurry samples like reals (AUC near 0.5) has too few layers, "
        "too large strides, or learns too slowly. This run: "
        + ("not recorded." if auc is None else f"its AUC is {auc:.2f}."),
    )


def _strong_discriminator(run: Run) -> Cause:
    auc, gap = late_median(run, "d_auc"), late_median(run, "d_logit_gap")
    won = (auc is not None and auc > STRONG_AUC) and (gap is None or gap > STRONG_GAP)
    told = [] if auc is None else [f"an AUC of {auc:.3f}"]
    if gap is not None:
        told.append(f"logits {gap:.1f} apart")
    return Cause(
        "discriminator-learns-faster",
        "The discriminator learns faster than the generator",
        0.3 if auc is None and gap is None else 0.7 if won else 0.1,
        "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the high-frequency "
        f"share rises. This run: {' and '.join(told) or 'not recorded'}.",
    )


def _still_generator(run: Run) -> Cause:
    ratio = late_median(run, "g_update_ratio")
    return Cause(
        "generator-not-moving",
        "The generator hardly moves",
        0.2 if ratio is None else 0.9 if ratio < STILL_GENERATOR else 0.03,
        f"An update should move its weights by about 1e-3 of their size; below {STILL_GENERATOR:g} it stands still. "
        "This run: " + ("not recorded." if ratio is None else f"by {ratio:.1e} in the median."),
    )


def _not_finished(run: Run) -> Cause:
    late = run["sample_high_frequency"].loc[warm_up_end(run.manifest) :]
    half = len(late) // 2
    early, now = float(late.iloc[:half].median()), float(late.iloc[half:].median())
    return Cause(
        "not-finished",
        "The generator has not finished learning",
        0.6 if now > 1.5 * early else 0.1,
        "The high-frequency share keeps rising over the last probes. This run: its median after warm-up went from "
        f"{early:.2g} in the first half to {now:.2g} in the second.",
    )
