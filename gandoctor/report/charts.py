"""Which curves are shown together, on which axis, and how to read their shape."""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.signals import SIGNALS
from gandoctor.store import LossFamily


@dataclass(frozen=True)
class Level:
    """A horizontal line that gives a curve its meaning."""

    value: float
    label: str


@dataclass(frozen=True)
class Chart:
    """One chart of the report.

    Attributes:
        id: Stable slug, used in addresses.
        title: Heading.
        signals: Curves, in drawing order; those not recorded are left out.
        reading: What the shape of the curves means.
        log: Logarithmic vertical axis.
        unit: Label of the vertical axis.
        limits: Fixed vertical axis, or None to fit the curves.
    """

    id: str
    title: str
    signals: tuple[str, ...]
    reading: str
    log: bool = False
    unit: str = ""
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Group:
    """Charts under one heading."""

    id: str
    title: str
    lead: str
    charts: tuple[Chart, ...]


def _single(signal: str, title: str, reading: str) -> Chart:
    return Chart(signal.replace("_", "-"), title, (signal,), reading, unit=SIGNALS[signal].unit)


GROUPS: tuple[Group, ...] = (
    Group(
        "losses",
        "Losses",
        "A GAN's losses say who is ahead, not how good the images are: read them against the equilibrium.",
        (
            Chart(
                "losses",
                "Losses against the equilibrium",
                ("d_loss", "g_loss"),
                "Both hovering near the dashed equilibrium: the players are matched. d_loss sinking to its floor "
                "while g_loss climbs: the discriminator wins and its feedback stops being informative. "
                "Early excursions, before the warm-up ends, are normal.",
                unit="loss",
            ),
        ),
    ),
    Group(
        "discriminator",
        "Discriminator",
        "What the discriminator thinks of real images it trains on, real images it has never seen, and fakes.",
        (
            Chart(
                "scores",
                "Scores",
                ("d_real_score", "d_holdout_score", "d_fake_score"),
                "Real and fake drawing closer: the generator is catching up. Real and held-out drawing apart: the "
                "discriminator is memorising its training images.",
                unit="score",
            ),
            Chart(
                "logits",
                "Logits",
                ("d_real_logit", "d_holdout_logit", "d_fake_logit"),
                "The scores before the sigmoid, which still tell very sure from sure where scores sit at 0 and 1. A "
                "widening gap that never narrows: the discriminator runs away.",
                unit="logit",
            ),
            Chart(
                "accuracy",
                "Accuracy",
                ("d_real_accuracy", "d_holdout_accuracy", "d_fake_accuracy"),
                "Near 1 early on is normal. One of them at 0 means the discriminator calls everything the same; "
                "held-out well below real means it overfits.",
                unit="share",
                limits=(-0.04, 1.04),
            ),
            Chart(
                "accuracy-training",
                "Accuracy as in training",
                ("d_real_accuracy_training", "d_fake_accuracy_training"),
                "The same with dropout and batch norm as in training. Far from the chart before: the discriminator "
                "behaves differently in training and inference.",
                unit="share",
                limits=(-0.04, 1.04),
            ),
            Chart(
                "separation",
                "Separation of real and fake",
                ("d_prime",),
                "Above 0: reals score higher, as they should. Rising without end: the discriminator dominates. At or "
                "below 0 for long: it has learned nothing, or its labels are swapped.",
                unit="pooled standard deviations",
            ),
            Chart(
                "logit-gap",
                "Logit gap",
                ("d_logit_gap",),
                "How confidently real and fake are told apart; in healthy training it grows at first, then shrinks as "
                "the generator improves.",
                unit="logit",
            ),
            Chart(
                "auc",
                "Ranking of real over fake (AUC)",
                ("d_auc",),
                "1: every real image scores above every fake (normal early on, and on easy data even later). 0.5: a "
                "coin toss. Near 0: inverted labels.",
                unit="probability",
                limits=(-0.04, 1.04),
            ),
        ),
    ),
    Group(
        "gradients",
        "Gradients and updates",
        "How hard each player is pushed, and how far its weights really move, on logarithmic axes.",
        (
            Chart(
                "gradient-norms",
                "Gradient norms",
                ("d_grad_norm", "g_grad_norm"),
                "A steady band is healthy. Rising decade by decade: gradients explode. Exactly zero: that player "
                "learns nothing. A small generator norm alone proves nothing.",
                log=True,
                unit="L2 norm",
            ),
            Chart(
                "d-updates",
                "Movement of the discriminator's weights",
                ("d_update_in_d_step", "d_update_in_g_step"),
                "The discriminator should move in its own step only: anything above zero in the generator's step is a "
                "leak, zero in its own means that it does not train.",
                log=True,
                unit="L2 norm",
            ),
            Chart(
                "g-updates",
                "Movement of the generator's weights",
                ("g_update_in_g_step", "g_update_in_d_step"),
                "The generator should move in its own step only; zero there means that it does not train.",
                log=True,
                unit="L2 norm",
            ),
            Chart(
                "update-ratios",
                "Update size relative to the weights",
                ("d_update_ratio", "g_update_ratio"),
                "Around 0.001 is the usual rule of thumb. Decades above: the learning rate is too high. Decades below: "
                "too low, or the player is frozen.",
                log=True,
                unit="relative update",
            ),
            Chart(
                "learning-rates",
                "Learning rates",
                ("d_learning_rate", "g_learning_rate"),
                "Schedules resolved. The ratio of the two decides who learns faster.",
                log=True,
                unit="learning rate",
            ),
        ),
    ),
    Group(
        "samples",
        "Sample statistics",
        "Measured on generated images, against the green band: where your own real data fall when measured the same "
        "way. Inside the band, the samples cannot be told from your data by this number.",
        (
            _single(
                "sample_autocorrelation",
                "Smoothness",
                "Far below the band: noise. Rising towards it: strokes and surfaces are forming.",
            ),
            _single(
                "sample_spectral_flatness",
                "Spectral flatness",
                "Above the band: noise-like. Falling towards it: structure is forming.",
            ),
            _single(
                "sample_high_frequency",
                "High-frequency power",
                "Above the band: noise or grid artefacts. Below: blur.",
            ),
            _single("sample_noise_sigma", "Pixel noise", "Above the band: grain that your data do not have."),
            _single("sample_impulse", "Salt and pepper", "Above the band: isolated wrong pixels."),
            _single("sample_checkerboard", "Checkerboard", "Above the band: a grid pattern from upsampling."),
            _single(
                "sample_nn_distance",
                "Distance to the nearest other sample",
                "Below the band: samples repeat one another, the mark of mode collapse.",
            ),
            _single("sample_duplicate_pairs", "Duplicate pairs", "Above the band: mode collapse, whole or partial."),
            _single(
                "sample_pairwise_distance",
                "Mean distance between samples",
                "Far below the band: all samples look alike. It misses partial collapse.",
            ),
            _single(
                "sample_coverage",
                "Coverage of the real data",
                "1: as real data would score. Low: parts of your data are never generated.",
            ),
            _single(
                "sample_kid",
                "Kernel distance to the real data",
                "Falls as samples approach your data. Rising again: quality is being lost.",
            ),
            _single(
                "sample_latent_std",
                "Response to the latent vector",
                "Near zero: the generator ignores its input.",
            ),
            _single(
                "sample_train_infer_gap",
                "Training against inference",
                "Large: batch norm or dropout make the generator you sample differ from the one you train.",
            ),
            Chart(
                "sample-range",
                "Range of values",
                ("sample_min", "sample_max"),
                "Should reach the dashed limits of your data and stay within them; otherwise the output activation "
                "does not fit the data.",
                unit="data units",
            ),
            Chart(
                "sample-mean-std",
                "Mean and standard deviation",
                ("sample_mean", "sample_std"),
                "Standard deviation near zero: blank images. Far from your data's: washed out or too hard a contrast.",
                unit="data range",
            ),
        ),
    ),
)

_LN2 = 0.6931471805599453

EQUILIBRIA: dict[LossFamily, tuple[dict[str, Level], str]] = {
    "non_saturating": (
        {"d_loss": Level(_LN2, "equilibrium ln 2"), "g_loss": Level(_LN2, "equilibrium ln 2")},
        "Equilibrium of binary cross-entropy: ln 2 = 0.693 for both players where real and fake are averaged; ln 4 = "
        "1.386 for the discriminator where they are summed.",
    ),
    "minimax": (
        {"d_loss": Level(_LN2, "D at equilibrium"), "g_loss": Level(-_LN2, "G at equilibrium")},
        "Equilibrium of the minimax loss: ln 2 = 0.693 for the discriminator where real and fake are averaged (ln 4 = "
        "1.386 where summed), −ln 2 for the generator.",
    ),
    "least_squares": (
        {"d_loss": Level(0.25, "equilibrium 0.25"), "g_loss": Level(0.25, "equilibrium 0.25")},
        "Equilibrium of the least-squares loss with targets 0 and 1: 0.25 for both players where halves are averaged.",
    ),
    "hinge": (
        {"d_loss": Level(1.0, "D at equilibrium"), "g_loss": Level(0.0, "G at equilibrium")},
        "Equilibrium of the hinge loss: 1 for the discriminator where real and fake are averaged (2 where summed); "
        "the generator's loss has no bound either way and 0 is its neutral point.",
    ),
    "wasserstein": (
        {},
        "A Wasserstein critic has no equilibrium level: −d_loss estimates a distance that should shrink, and only its "
        "trend within this run means anything.",
    ),
}
"""Loss family -> equilibrium by signal, and a sentence. Goodfellow 2014 (BCE), Mao 2017 (least squares)."""
