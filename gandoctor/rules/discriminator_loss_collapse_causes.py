"""Why a discriminator's loss may have collapsed: ranked hypotheses for GD301 and what decides each."""

from __future__ import annotations

import numpy as np

from gandoctor.measures import null_bands
from gandoctor.rules.output_range import range_mismatch
from gandoctor.rules.rule import Cause
from gandoctor.rules.warmup import warm_up_end
from gandoctor.store import Run

STILL_GENERATOR = 1e-5
"""Movement of the generator's weights in an update, relative to their norm: 1e-3 is usual; a learning rate of 1e-7 with
an optimizer that normalises gradients gives a few times 1e-6."""
TINY_LEARNING_RATE = 1e-6


def causes(run: Run) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [
        _still_generator(run),
        _phases_disagree(run),
        _latents_ignored(run),
        range_mismatch(run),
        _pretrained(run),
        _learning_rates(run),
    ]


def _still_generator(run: Run) -> Cause:
    ratio, rate = _late_median(run, "g_update_ratio"), _late_median(run, "g_learning_rate")
    # The measured movement decides; the learning rate only stands in where it was not measured.
    still = ratio < STILL_GENERATOR if ratio is not None else rate is not None and rate < TINY_LEARNING_RATE
    shown = []
    if ratio is not None:
        shown.append(f"its weights move by {ratio:.1e} of their size in an update")
    if rate is not None:
        shown.append(f"its learning rate is {rate:.1e}")
    return Cause(
        "generator-not-moving",
        "The generator hardly moves",
        0.95 if still else 0.03 if ratio is not None else 0.3,
        f"An update should move its weights by about 1e-3 of their size; below {STILL_GENERATOR:g} it stands still. "
        f"This run: {', '.join(shown) or 'not recorded'}.",
    )


def _phases_disagree(run: Run) -> Cause:
    d_loss, g_loss = _late_median(run, "d_loss"), _late_median(run, "g_loss")
    family = run.manifest.loss_family
    both = (
        family in ("non_saturating", "least_squares")
        and d_loss is not None
        and g_loss is not None
        and max(d_loss, g_loss) < 0.02
    )
    gap = _late_median(run, "sample_train_infer_gap")
    shown = "not recorded"
    if d_loss is not None and g_loss is not None:
        shown = f"the losses are {d_loss:.2g} and {g_loss:.2g}"
    if gap is not None:
        shown += f"; training- and inference-mode images differ by {gap:.2f} of their spread"
    return Cause(
        "phases-disagree",
        "The two steps do not play the same game (labels or batch-norm mode differ between them)",
        0.97 if both else 0.6 if gap is not None and gap > 1.0 else 0.03 if g_loss is not None else 0.1,
        "Both losses cannot be near zero in one game: a negative logit gap shows swapped labels, a large "
        "difference of training- and inference-mode images shows batch normalisation. "
        f"This run: {shown}.",
    )


def _latents_ignored(run: Run) -> Cause:
    spread, band = _late_median(run, "sample_latent_std"), null_bands(run).get("sample_latent_std")
    latent = run.manifest.latent
    constant = latent is not None and latent.std is not None and latent.std < 1e-3
    ignored = spread is not None and spread < (0.05 * band.mean if band is not None else 0.005)
    shown = "not recorded" if spread is None else f"pixels vary by {spread:.2g} across latents"
    if spread is not None and band is not None:
        shown += f", by {band.mean:.2g} across real images"
    if latent is not None and latent.std is not None:
        shown += f"; the latents' standard deviation is {latent.std:.2g}"
    return Cause(
        "latents-ignored",
        "The latents do not reach the output, or do not vary",
        0.98 if constant else 0.85 if ignored else 0.03 if spread is not None else 0.2,
        f"Two different latents should give two different images. This run: {shown}.",
    )


def _pretrained(run: Run) -> Cause:
    first = None
    if "d_logit_gap" in run and run["d_logit_gap"].index[0] <= 5:
        first = float(run["d_logit_gap"].iloc[0])
    settings = run.manifest.config.get("settings", {})
    training = settings.get("training", {}) if isinstance(settings, dict) else {}
    steps = training.get("pretrain_steps") if isinstance(training, dict) else None
    declared = isinstance(steps, int) and steps > 0
    shown = "not recorded" if first is None else f"the first probe has a logit gap of {first:.2g}"
    if declared:
        shown += f"; the settings declare {steps} steps of pre-training"
    return Cause(
        "discriminator-pretrained",
        "The discriminator was trained before the game began",
        0.75 if declared or (first is not None and first > 4) else 0.05 if first is not None else 0.15,
        f"At step 0 an untrained discriminator cannot separate by more than chance. This run: {shown}.",
    )


def _learning_rates(run: Run) -> Cause:
    d_rate, g_rate = _late_median(run, "d_learning_rate"), _late_median(run, "g_learning_rate")
    if d_rate is None or g_rate is None or g_rate <= 0:
        ratio, shown = None, "not recorded"
    else:
        ratio = d_rate / g_rate
        shown = f"{d_rate:.1e} and {g_rate:.1e}, a ratio of {ratio:.3g}"
    return Cause(
        "discriminator-learns-faster",
        "The discriminator learns faster than the generator",
        0.3 if ratio is None else 0.7 if ratio > 4 else 0.35,
        "Halve the discriminator's learning rate, or double the generator's, over at least 3 seeds: the loss rises and "
        f"samples improve. This run: learning rates {shown}.",
    )


def _late_median(run: Run, name: str) -> float | None:
    """Median of the finite values after warm-up; None where there is none."""
    if name not in run:
        return None
    values = run[name].loc[warm_up_end(run.manifest) :].to_numpy()
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else None
