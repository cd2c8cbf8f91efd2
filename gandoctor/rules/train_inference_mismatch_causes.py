"""Why training and inference may see different networks: ranked hypotheses for GD010 and what decides each."""

from __future__ import annotations

import numpy as np

from gandoctor.rules.phase_blame import DIFFERENT_SCORES, SAME_IMAGES, has_batch_norm
from gandoctor.rules.rule import Cause
from gandoctor.rules.warmup import warm_up_end
from gandoctor.store import PlayerCard, Run

TOO_MUCH_DROPOUT = 0.7
"""Rates from which little of a layer is left; 0.9 ruined a run, 0.4 is the article's."""


def causes(run: Run) -> list[Cause]:
    """Rank the hypotheses with what the run shows of each."""
    return [_generator(run), _discriminator(run), _moved_in_both_steps(run), _dropout(run), _labels(run)]


def _generator(run: Run) -> Cause:
    gap = _late_median(run, "sample_train_infer_gap")
    momenta = _settings(run.manifest.generator, "BatchNorm", "momentum")
    shown = "the two modes were not compared" if gap is None else f"they differ by {gap:.2g} times their spread"
    if momenta is not None:
        shown += f"; its batch normalisation has a momentum of {max(momenta):g}" if momenta else "; it has none"
    score = 0.5 if gap is None else 0.9 if gap > SAME_IMAGES else 0.1
    return Cause(
        "batch-norm-mode",
        "The generator's batch normalisation lags behind, and one step or the sampling uses its moving averages",
        0.02 if momenta == [] else score,
        "Images of training mode are clear while those of inference mode are not. With a momentum of 0.9, or fakes "
        f"made with training=True for the discriminator, the losses come apart. This run: {shown}.",
    )


def _discriminator(run: Run) -> Cause:
    gap = _late_median(run, "d_batch_gap")
    if not has_batch_norm(run):
        known = run.manifest.discriminator is not None and bool(run.manifest.discriminator.layers)
        shown = "the discriminator has no batch normalisation" if known else "its layers were not recorded"
        score = 0.02 if known else 0.3
    else:
        shown = "the discriminator has batch normalisation"
        shown += "" if gap is None else f"; beside reals its scores of fakes move by {gap:.2g} times their spread"
        score = 0.5 if gap is None else 0.85 if gap > DIFFERENT_SCORES else 0.1
    return Cause(
        "batch-norm-in-discriminator",
        "The discriminator's batch normalisation sees real and generated images together in one step only",
        score,
        "Give it real and generated images in batches of their own, or take its batch normalisation out: the losses "
        f"come apart. This run: {shown}.",
    )


def _moved_in_both_steps(run: Run) -> Cause:
    moved = _late_median(run, "g_update_in_d_step")
    shown = "not recorded" if moved is None else f"it moves it by {moved:.3g} (L2 norm)"
    return Cause(
        "generator-moved-in-both-steps",
        "The discriminator's update trains the generator too, on images of the other mode",
        0.1 if moved is None else 0.95 if moved > 0 else 0.01,
        "If its fakes are made in inference mode, it teaches those images to be rejected while the generator's own "
        f"step teaches those of training mode to be accepted (GD005). This run: {shown}.",
    )


def _dropout(run: Run) -> Cause:
    rates = [
        rate
        for card in (run.manifest.generator, run.manifest.discriminator)
        for rate in _settings(card, "Dropout", "rate") or []
    ]
    known = any(card is not None and card.layers for card in (run.manifest.generator, run.manifest.discriminator))
    most = max(rates, default=0.0)
    return Cause(
        "too-much-dropout",
        "Dropout is so high that hardly anything of a layer is left in training mode",
        0.15 if not known else 0.75 if most >= TOO_MUCH_DROPOUT else 0.03,
        "Lower the rate to 0.4 or less: the two modes come together. This run: "
        + (f"the highest rate is {most:g}." if known else "the layers were not recorded."),
    )


def _labels(run: Run) -> Cause:
    d_loss, g_loss = _late_median(run, "d_loss"), _late_median(run, "g_loss")
    shown = "not recorded" if d_loss is None or g_loss is None else f"the losses are {d_loss:.2g} and {g_loss:.2g}"
    return Cause(
        "labels-disagree",
        "The labels of one of the two steps are reversed",
        0.15,
        "Print the labels that each step hands to its loss; reversed ones show in the players' very first updates "
        f"(GD008). This run: {shown}.",
    )


def _settings(card: PlayerCard | None, layer_type: str, setting: str) -> list[float] | None:
    """Return a setting of all layers of a type; None where the layers were not recorded."""
    if card is None or not card.layers:
        return None
    values = [layer.settings.get(setting) for layer in card.layers if layer_type in layer.type]
    return [float(value) for value in values if isinstance(value, int | float)]


def _late_median(run: Run, name: str) -> float | None:
    """Median of the finite values after warm-up; None where there is none."""
    if name not in run:
        return None
    values = run[name].loc[warm_up_end(run.manifest) :].to_numpy()
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else None
