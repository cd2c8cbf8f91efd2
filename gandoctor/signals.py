"""The vocabulary: every signal a monitor can record, its unit, its meaning and how often it can be had.

A signal that was not captured is absent from the store: never 0.0 and never NaN. NaN means training produced NaN.
A signal that exists once a layer, a class or a percentage is a family: its columns are named "family/member"
(`member_of`).
Sample statistics are taken on images rescaled by the real data's range, so that 0 is the darkest and 1 the brightest
value of the user's own data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cadence = Literal["step", "probe"]


@dataclass(frozen=True)
class Signal:
    """One recordable number.

    Attributes:
        name: Column name in the store.
        unit: Unit, or "1" for a pure number.
        meaning: One sentence for a reader who does not know the field.
        cadence: "step" is recorded every step, "probe" every few steps within the overhead budget.
    """

    name: str
    unit: str
    meaning: str
    cadence: Cadence


def _table(cadence: Cadence, *rows: tuple[str, str, str]) -> tuple[Signal, ...]:
    return tuple(Signal(name, unit, meaning, cadence) for name, unit, meaning in rows)


_LOSSES = _table(
    "step",
    ("d_loss", "loss", "Discriminator (critic) loss of this step, not an epoch mean."),
    ("g_loss", "loss", "Generator loss of this step, not an epoch mean."),
)

_INPUTS = _table(
    "step",
    (
        "latent_mean",
        "latent units",
        "Mean of the latents the generator was given in the last call of this step's training.",
    ),
    (
        "latent_spread",
        "latent units",
        "Mean over latent dimensions of the standard deviation over the batch: 0 = every image has the same latent.",
    ),
    ("real_mean", "data units", "Mean of the step's batch of real images, in the units of the training data."),
    (
        "real_spread",
        "data units",
        "Mean over pixels of the standard deviation over the step's real batch: 0 = all its images are equal.",
    ),
    ("d_step_input_min", "data units", "Smallest value the discriminator was given towards its own loss."),
    ("d_step_input_max", "data units", "Largest value the discriminator was given towards its own loss."),
    ("g_step_input_min", "data units", "Smallest value the discriminator was given towards the generator's loss."),
    ("g_step_input_max", "data units", "Largest value the discriminator was given towards the generator's loss."),
)

_GRADIENTS = _table(
    "step",
    (
        "d_grad_norm",
        "L2 norm",
        "Global norm of the discriminator's gradient in its own update, before clipping.",
    ),
    ("g_grad_norm", "L2 norm", "Global norm of the generator's gradient in its own update, before clipping."),
)

_UPDATES = _table(
    "probe",
    (
        "d_update_in_d_step",
        "L2 norm",
        "How far the discriminator's weights moved in the discriminator's update.",
    ),
    ("d_update_in_g_step", "L2 norm", "How far the discriminator's weights moved in the generator's update."),
    ("g_update_in_g_step", "L2 norm", "How far the generator's weights moved in the generator's update."),
    ("g_update_in_d_step", "L2 norm", "How far the generator's weights moved in the discriminator's update."),
    (
        "d_movement",
        "L2 norm",
        "How far the discriminator's weights have moved since the previous probe, whoever moved them.",
    ),
    (
        "g_movement",
        "L2 norm",
        "How far the generator's weights have moved since the previous probe, whoever moved them.",
    ),
    (
        "d_update_ratio",
        "1",
        "Movement of the discriminator's weights in its own update, relative to their norm.",
    ),
    ("g_update_ratio", "1", "Movement of the generator's weights in its own update, relative to their norm."),
    ("d_learning_rate", "1/step", "Learning rate of the discriminator's optimizer, schedule resolved."),
    ("g_learning_rate", "1/step", "Learning rate of the generator's optimizer, schedule resolved."),
)

_SCORES = _table(
    "probe",
    ("d_real_score", "score", "Mean discriminator output on real images it trains on (inference mode)."),
    (
        "d_holdout_score",
        "score",
        "Mean discriminator output on real images it never trains on (inference mode).",
    ),
    ("d_fake_score", "score", "Mean discriminator output on generated images (inference mode)."),
    ("d_real_logit", "logit", "Mean discriminator logit on real images it trains on (inference mode)."),
    ("d_holdout_logit", "logit", "Mean discriminator logit on held-out real images (inference mode)."),
    ("d_fake_logit", "logit", "Mean discriminator logit on generated images (inference mode)."),
    (
        "d_logit_gap",
        "logit",
        "d_real_logit minus d_fake_logit: how confidently the discriminator separates them.",
    ),
    ("d_prime", "1", "Separation of real and fake logits in pooled standard deviations."),
    ("d_auc", "1", "Probability that a real image scores above a generated one (inference mode)."),
    ("d_real_accuracy", "share", "Share of trained-on reals the discriminator calls real (inference mode)."),
    ("d_holdout_accuracy", "share", "Share of held-out reals the discriminator calls real (inference mode)."),
    ("d_fake_accuracy", "share", "Share of generated images the discriminator calls fake (inference mode)."),
    ("d_real_accuracy_training", "share", "d_real_accuracy with dropout and batch norm as in training."),
    ("d_fake_accuracy_training", "share", "d_fake_accuracy with dropout and batch norm as in training."),
    (
        "fake_logit_change_in_g_step",
        "logit",
        "By how much the generator's update changed the discriminator's mean logit on a fixed set of fakes.",
    ),
    (
        "fake_logit_change_in_d_step",
        "logit",
        "By how much the discriminator's update changed its mean logit on a fixed set of fakes.",
    ),
    (
        "logit_gap_change_in_d_step",
        "logit",
        "By how much the discriminator's update changed its mean real logit minus its mean fake logit.",
    ),
    (
        "d_batch_gap",
        "1",
        "Difference of the discriminator's logits of fakes beside reals and of fakes alone, over their spread.",
    ),
)

_SAMPLES = _table(
    "probe",
    ("sample_min", "data units", "Smallest generated value, in the units of the training data."),
    ("sample_max", "data units", "Largest generated value, in the units of the training data."),
    ("sample_mean", "data range", "Mean generated value, 0..1 over the real data's range."),
    ("sample_std", "data range", "Standard deviation of generated values, 0..1 over the real data's range."),
    (
        "sample_latent_std",
        "data range",
        "Mean over pixels of the standard deviation across latents: 0 = z is ignored.",
    ),
    ("sample_autocorrelation", "1", "Correlation of neighbouring pixels: 1 smooth, 0 white noise."),
    ("sample_spectral_flatness", "1", "Flatness of the power spectrum: 1 white noise, 0 smooth."),
    ("sample_high_frequency", "share", "Share of spectral power above 0.35 cycles per pixel."),
    ("sample_noise_sigma", "data range", "Robust estimate of Gaussian pixel noise (median Immerkær)."),
    ("sample_impulse", "share", "Share of pixels more than 0.3 away from their 3x3 median: salt and pepper."),
    (
        "sample_lone_pixels",
        "share",
        "Share of pixels that differ from all eight neighbours by more than half of the real data's range.",
    ),
    ("sample_checkerboard", "1", "Spectral peaks at the grid frequencies over their neighbourhood."),
    (
        "sample_nn_distance",
        "L2 norm",
        "Median distance of a generated image to its nearest other generated image.",
    ),
    ("sample_duplicate_pairs", "pairs", "Pairs of generated images closer than real images ever are."),
    ("sample_pairwise_distance", "L2 norm", "Mean distance between two generated images."),
    (
        "sample_coverage",
        "1",
        "Share of real images with a generated neighbour, 1 = as real data would score.",
    ),
    ("sample_kid", "KID", "Kernel distance to the real data in a fixed random convolutional embedding."),
    (
        "sample_train_infer_gap",
        "1",
        "Difference of the generator's training- and inference-mode images, over their spread.",
    ),
    (
        "sample_missing_share",
        "share",
        "Share of the real data in regions where the last 256 generated images are missing or rare.",
    ),
    (
        "sample_class_perplexity",
        "classes",
        "Effective number of digits among the last 256 generated images, as a digit classifier sees them.",
    ),
    ("sample_class_kid", "KID", "Kernel distance to the real data in the features of a digit classifier."),
    (
        "sample_step_distance",
        "L2 norm",
        "Mean distance of the images of fixed latents from those at the previous probe.",
    ),
    (
        "sample_return_distance",
        "L2 norm",
        "Smallest mean distance of the images of fixed latents from those at an earlier probe, the last two left out.",
    ),
    (
        "sample_copying",
        "1",
        "Probability that a generated image lies nearer to the trained-on reals than a held-out real does.",
    ),
)

_UNITS = _table(
    "probe",
    ("d_dead_units", "share", "Share of the discriminator's ReLU units that are 0 for every probed image."),
    ("g_dead_units", "share", "Share of the generator's ReLU units that are 0 for every probed latent."),
)

SIGNALS: dict[str, Signal] = {
    s.name: s for s in (*_LOSSES, *_INPUTS, *_GRADIENTS, *_UPDATES, *_UNITS, *_SCORES, *_SAMPLES)
}
"""Every signal by name, in the order a reader wants them."""

FAMILIES: dict[str, Signal] = {
    s.name: s
    for s in _table(
        "probe",
        ("d_layer_grad_norm", "L2 norm", "Norm of one discriminator layer's gradient in its own update."),
        ("g_layer_grad_norm", "L2 norm", "Norm of one generator layer's gradient in its own update."),
        (
            "d_layer_update_ratio",
            "1",
            "Movement of one discriminator layer's weights in its own update, over their norm.",
        ),
        ("g_layer_update_ratio", "1", "Movement of one generator layer's weights in its own update, over their norm."),
        *(
            (
                f"d_{images}_logit_quantile",
                "logit",
                f"Logit that so many percent of the {what} images of a probe do not exceed (inference mode).",
            )
            for images, what in (("real", "trained-on real"), ("holdout", "held-out real"), ("fake", "generated"))
        ),
        ("sample_class_share", "share", "Share of one digit among the last 256 generated images."),
    )
}
"""Signals that exist once a member (a layer's name, a digit, a percentage), recorded as "family/member"."""


def member_of(family: str, member: str) -> str:
    """Return the column name of a family's member, e.g. "g_layer_grad_norm/dense"."""
    return f"{family}/{member}"


def cadence_of(column: str) -> Cadence:
    """Return how often a column is filled; one that is not of this vocabulary is taken for one of every step."""
    signal = SIGNALS.get(column) or FAMILIES.get(column.partition("/")[0])
    return signal.cadence if signal is not None else "step"
