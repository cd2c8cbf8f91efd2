"""Which curves are shown together and on which axis; their titles and how to read them are in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gandoctor.signals import SIGNALS
from gandoctor.store import LossFamily

Kind = Literal["curves", "layers", "bands", "shares"]


@dataclass(frozen=True)
class Level:
    """A horizontal line that gives a curve its meaning.

    Attributes:
        value: Where it lies.
        label: What is written at it.
    """

    value: float
    label: str


@dataclass(frozen=True)
class Chart:
    """One chart of the report; `chart.<id>.title` and `.reading` in the catalogue say what it is.

    Attributes:
        id: Stable slug, used in addresses and in the catalogue.
        signals: Curves, in drawing order, or families of signals; those not recorded are left out.
        log: Logarithmic vertical axis.
        unit: Of the vertical axis.
        limits: Fixed vertical axis, or None to fit the curves.
        kind: How it is drawn: as curves; of families, the layers as a heat map, quantiles as bands, or shares as a
            heat map beside those of the real data.
    """

    id: str
    signals: tuple[str, ...]
    log: bool = False
    unit: str = ""
    limits: tuple[float, float] | None = None
    kind: Kind = "curves"


@dataclass(frozen=True)
class Group:
    """Charts under one heading; `group.<id>.title` and `.lead` in the catalogue."""

    id: str
    charts: tuple[Chart, ...]


def _single(signal: str) -> Chart:
    return Chart(signal.replace("_", "-"), (signal,), unit=SIGNALS[signal].unit)


GROUPS: tuple[Group, ...] = (
    Group(
        "losses",
        (Chart("losses", ("d_loss", "g_loss"), unit="loss"),),
    ),
    Group(
        "discriminator",
        (
            Chart("scores", ("d_real_score", "d_holdout_score", "d_fake_score"), unit="score"),
            Chart("logits", ("d_real_logit", "d_holdout_logit", "d_fake_logit"), unit="logit"),
            Chart(
                "logit-spread",
                ("d_real_logit_quantile", "d_holdout_logit_quantile", "d_fake_logit_quantile"),
                unit="logit",
                kind="bands",
            ),
            Chart(
                "accuracy",
                ("d_real_accuracy", "d_holdout_accuracy", "d_fake_accuracy"),
                unit="share",
                limits=(-0.04, 1.04),
            ),
            Chart(
                "accuracy-training",
                ("d_real_accuracy_training", "d_fake_accuracy_training"),
                unit="share",
                limits=(-0.04, 1.04),
            ),
            Chart("separation", ("d_prime",), unit="pooled standard deviations"),
            Chart("logit-gap", ("d_logit_gap",), unit="logit"),
            Chart("auc", ("d_auc",), unit="probability", limits=(-0.04, 1.04)),
            Chart(
                "logit-changes",
                ("fake_logit_change_in_g_step", "fake_logit_change_in_d_step", "logit_gap_change_in_d_step"),
                unit="logit",
            ),
            _single("d_batch_gap"),
        ),
    ),
    Group(
        "gradients",
        (
            Chart("gradient-norms", ("d_grad_norm", "g_grad_norm"), log=True, unit="L2 norm"),
            Chart("d-updates", ("d_update_in_d_step", "d_update_in_g_step"), log=True, unit="L2 norm"),
            Chart("g-updates", ("g_update_in_g_step", "g_update_in_d_step"), log=True, unit="L2 norm"),
            Chart("movement", ("d_movement", "g_movement"), log=True, unit="L2 norm"),
            Chart("update-ratios", ("d_update_ratio", "g_update_ratio"), log=True, unit="relative update"),
            Chart("dead-units", ("d_dead_units", "g_dead_units"), unit="share", limits=(-0.04, 1.04)),
            Chart("learning-rates", ("d_learning_rate", "g_learning_rate"), log=True, unit="learning rate"),
        ),
    ),
    Group(
        "layers",
        (
            Chart("d-layer-gradients", ("d_layer_grad_norm",), log=True, unit="L2 norm", kind="layers"),
            Chart("g-layer-gradients", ("g_layer_grad_norm",), log=True, unit="L2 norm", kind="layers"),
            Chart("d-layer-updates", ("d_layer_update_ratio",), log=True, unit="relative update", kind="layers"),
            Chart("g-layer-updates", ("g_layer_update_ratio",), log=True, unit="relative update", kind="layers"),
        ),
    ),
    Group(
        "samples",
        (
            _single("sample_autocorrelation"),
            _single("sample_spectral_flatness"),
            _single("sample_high_frequency"),
            _single("sample_noise_sigma"),
            _single("sample_impulse"),
            _single("sample_checkerboard"),
            _single("sample_nn_distance"),
            _single("sample_duplicate_pairs"),
            _single("sample_pairwise_distance"),
            _single("sample_coverage"),
            _single("sample_kid"),
            _single("sample_missing_share"),
            _single("sample_class_perplexity"),
            Chart("class-shares", ("sample_class_share",), unit="share", kind="shares"),
            _single("sample_class_kid"),
            _single("sample_copying"),
            Chart("sample-trajectory", ("sample_step_distance", "sample_return_distance"), unit="L2 norm"),
            _single("sample_latent_std"),
            _single("sample_train_infer_gap"),
            Chart("sample-range", ("sample_min", "sample_max"), unit="data units"),
            Chart("sample-mean-std", ("sample_mean", "sample_std"), unit="data range"),
        ),
    ),
    Group(
        "inputs",
        (
            Chart("latents", ("latent_mean", "latent_spread"), unit="latent units"),
            Chart("real-batches", ("real_mean", "real_spread"), unit="data units"),
            Chart(
                "discriminator-input",
                ("d_step_input_min", "d_step_input_max", "g_step_input_min", "g_step_input_max"),
                unit="data units",
            ),
        ),
    ),
)

_LN2 = 0.6931471805599453

EQUILIBRIA: dict[LossFamily, dict[str, Level]] = {
    "non_saturating": {"d_loss": Level(_LN2, "ln2"), "g_loss": Level(_LN2, "ln2")},
    "minimax": {"d_loss": Level(_LN2, "d"), "g_loss": Level(-_LN2, "g")},
    "least_squares": {"d_loss": Level(0.25, "quarter"), "g_loss": Level(0.25, "quarter")},
    "hinge": {"d_loss": Level(1.0, "d"), "g_loss": Level(0.0, "g")},
    "wasserstein": {},
}
"""Loss family -> equilibrium by signal. Goodfellow 2014 (BCE), Mao 2017 (least squares).

The labels are keys: `level.<label>` in the catalogue; `equilibrium.<family>` there says it in a sentence.
"""
