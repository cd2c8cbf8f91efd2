"""What each fault of the reference model leaves in a run: recorded levels of real runs, as signals in memory.

The levels are medians after step 300 of the first round of measurements (one or two seeds each), not of the runs that
the benchmark scores.
"""

from __future__ import annotations

from typing import Any

from gandoctor import diagnose
from gandoctor.diagnosis import Diagnosis
from gandoctor.store import LatentCard
from support.design_cards import (
    CONV,
    DENSE,
    DISCRIMINATOR,
    GENERATOR,
    LEAKY,
    NORM,
    UNIT,
    act,
    card,
    data,
    drop,
    transpose,
)
from support.recorded_runs import every_step, healthy, make_run, probes

Signals = dict[str, dict[int, float]]

UNIFORM = LatentCard(shape=(100,), minimum=-1, maximum=1, mean=0, std=0.58)
NO_NORM_GENERATOR = card(
    DENSE, act("relu"), ("Reshape", {}), transpose(), act("relu"), transpose(), act("relu"), transpose(), act("sigmoid")
)


def diagnosis_of(signals: Signals, **fields: Any) -> Diagnosis:
    """Judge a run in memory that has the cards of a sound DCGAN, unless others are given."""
    known = {
        "generator": GENERATOR,
        "discriminator": DISCRIMINATOR,
        "data": data(),
        "latent": UNIFORM,
        "loss_family_source": "inferred",
    }
    return diagnose(make_run(signals, **{**known, **fields}))


def contracts() -> Signals:
    """Two players that both train, each in its own step, on batches and latents that vary."""
    twice = {1: 0.24, 2: 0.24}
    return {
        "d_update_in_d_step": twice | probes(0.24),
        "d_update_in_g_step": {1: 0.0, 2: 0.0} | probes(0.0),
        "g_update_in_g_step": twice | probes(0.3),
        "g_update_in_d_step": {1: 0.0, 2: 0.0} | probes(0.0),
        "d_movement": probes(0.9),
        "g_movement": probes(1.1),
        "d_update_ratio": probes(1e-3),
        "d_learning_rate": probes(8e-4),
        "g_learning_rate": probes(4e-4),
        "d_grad_norm": every_step(0.5),
        "g_grad_norm": every_step(3.0),
        "latent_mean": every_step(lambda s: 0.001 * (s % 97) + 1e-5 * s),
        "latent_spread": every_step(lambda s: 0.58 + 1e-4 * (s % 89) + 1e-6 * s),
        "real_mean": every_step(lambda s: 0.13 + 1e-4 * (31 * s % 83) + 1e-6 * s),
        "real_spread": every_step(lambda s: 0.17 + 1e-4 * (31 * s % 79) + 1e-6 * s),
        "sample_train_infer_gap": probes(0.24),
    }


def run_with(d_loss: float, g_loss: float, gap: float, modes: float, **more: dict[int, float]) -> Signals:
    """A run with levels of the table: losses, logit gap, difference of the generator's modes."""
    levels = {
        "d_loss": every_step(lambda s: d_loss if s > 60 else 0.5),
        "g_loss": every_step(lambda s: g_loss if s > 60 else 1.0),
        "d_logit_gap": {1: 0.02} | probes(gap),
        "sample_train_infer_gap": probes(lambda s: modes if s > 20 else 2.0),
    }
    return healthy() | contracts() | levels | more


def noise(correlation: float = 0.6) -> Signals:
    """Samples like noise, with the levels of a discriminator that never trained."""
    return {
        "sample_autocorrelation": probes(correlation),
        "sample_spectral_flatness": probes(0.11),
        "sample_high_frequency": probes(0.27),
        "sample_impulse": probes(0.16),
        "sample_noise_sigma": probes(0.05),
    }


def one_image(mean: float = 0.12, contrast: float = 0.2) -> Signals:
    """Every latent gives one image."""
    return {
        "sample_latent_std": probes(0.0004),
        "sample_nn_distance": probes(0.02),
        "sample_duplicate_pairs": probes(8128.0),
        "sample_pairwise_distance": probes(0.03),
        "sample_mean": probes(mean),
        "sample_std": probes(contrast),
        "sample_coverage": probes(0.0),
    }


def stands_still(player: str) -> Signals:
    return {f"{player}_update_in_{player}_step": {1: 0.0, 2: 0.0} | probes(0.0), f"{player}_movement": probes(0.0)}


MIXED = card(CONV, NORM, LEAKY, "Flatten", UNIT)
DROPS = card(DENSE, NORM, act("relu"), drop(0.9), ("Reshape", {}), transpose(), act("sigmoid"))

BYTES = {
    "real_mean": every_step(lambda s: 33 + 0.01 * (s % 83)),
    "real_spread": every_step(lambda s: 43 + 0.01 * (s % 79)),
}

FAULTS: dict[str, tuple[Signals, dict[str, Any], set[str]]] = {
    "generator learning rate 1e-7": (
        run_with(1e-4, 17.1, 36, 0.81, g_update_ratio=probes(3e-6), g_learning_rate=probes(1e-7), **noise(0.63)),
        {},
        {"generator-not-moving"},
    ),
    "discriminator learning rate x20": (
        run_with(0.04, 5.1, 16, 0.26, d_learning_rate=probes(8e-3)),
        {
            "generator": GENERATOR.model_copy(update={"optimizer": {"type": "RMSprop", "learning_rate": 4e-4}}),
            "discriminator": DISCRIMINATOR.model_copy(update={"optimizer": {"type": "RMSprop", "learning_rate": 8e-3}}),
        },
        {"GD104"},
    ),
    "the same with optimizers that are not known": (
        # A loss of 0.04, as above, is one that slow healthy runs stand still at too: GD301 waits for less.
        run_with(0.01, 5.1, 16, 0.26, d_learning_rate=probes(8e-3)),
        {},
        {"discriminator-learns-faster"},
    ),
    "labels of the discriminator swapped": (
        run_with(
            0.0002,
            0.0003,
            -41,
            0.6,
            fake_logit_change_in_g_step={1: 0.3} | probes(0.2),
            logit_gap_change_in_d_step={1: -0.3} | probes(-0.2),
            **noise(0.74),
        ),
        {},
        {"GD008"},
    ),
    "constant latents": (
        run_with(
            1e-4, 14.5, 33, 0.0, latent_spread=every_step(0.0), latent_mean=every_step(0.0), **one_image(contrast=0.25)
        ),
        {"latent": LatentCard(shape=(100,), minimum=0, maximum=0, mean=0, std=0)},
        {"GD007"},
    ),
    "data in 0..255": (
        run_with(1e-4, 12.2, 268, 0.14, **BYTES, **one_image(0.002, 0.0)),
        {"data": data(0, 255)},
        {"GD006"},
    ),
    "data in -1..1": (
        run_with(1e-4, 13.7, 60, 0.04, real_mean=every_step(lambda s: -0.7 + 1e-4 * (s % 83)), **one_image(0.5, 0.0)),
        {"data": data(-1, 1)},
        {"GD006"},
    ),
    "batch normalisation on the output": (
        run_with(1e-4, 12.1, 30, 0.29, **noise(0.6)),
        {"generator": card(DENSE, NORM, act("relu"), ("Reshape", {}), transpose(), NORM, act("sigmoid"))},
        {"GD101"},
    ),
    "batch normalisation and mixed batches": (
        run_with(
            0.00004,
            0.84,
            44,
            0.3,
            d_batch_gap=probes(30.0),
            d_real_accuracy_training=probes(0.5),
            d_fake_accuracy_training=probes(0.6),
        ),
        {"discriminator": MIXED},
        {"GD106"},
    ),
    "batch normalisation and mixed batches, accuracies unknown": (
        run_with(0.00004, 0.84, 44, 0.3, d_batch_gap=probes(30.0)),
        {"discriminator": MIXED},
        {"batch-norm-in-discriminator"},
    ),
    "batch-norm momentum 0.999": (
        run_with(0.0002, 0.002, 26, 2.6, **noise(0.66)),
        {
            "generator": card(
                DENSE, ("BatchNormalization", {"momentum": 0.999}), act("relu"), transpose(), act("sigmoid")
            )
        },
        {"GD010"},
    ),
    "no batch normalisation": (
        run_with(1e-4, 14.0, 65, 0.01, **one_image(0.0, 0.0)),
        {"generator": NO_NORM_GENERATOR},
        {"no-batch-norm"},
    ),
    "dropout 0.9": (
        run_with(0.02, 2.2, 2.4, 0.62, **noise(0.72)),
        {"generator": DROPS, "discriminator": card(CONV, LEAKY, drop(0.9), "Flatten", UNIT)},
        {"GD103"},
    ),
    "discriminator frozen": (
        run_with(0.7, 0.66, -0.03, 0.37, **stands_still("d"), d_update_ratio=probes(0.0), **noise(0.61)),
        {},
        {"GD002"},
    ),
    "generator frozen": (
        run_with(1e-4, 17.0, 36, 0.2, **stands_still("g"), g_update_ratio=probes(0.0), **noise(0.1)),
        {},
        {"GD003"},
    ),
    "one real batch again and again": (
        run_with(0.001, 9.0, 12, 0.2, real_mean=every_step(0.17), real_spread=every_step(0.2)),
        {},
        {"GD009"},
    ),
    "discriminator trained before": (
        run_with(0.01, 8.0, 20, 0.3)
        | {
            "d_logit_gap": {0: 22.0} | probes(20.0),
            "d_real_logit": {0: 12.0} | probes(10.0),
            "d_fake_logit": {0: -10.0} | probes(-10.0),
            "d_loss": every_step(0.01),
        },
        {},
        {"GD109"},
    ),
    "a discriminator that is merely too strong": (
        run_with(0.01, 7.0, 20, 0.2),
        {},
        {"discriminator-learns-faster"},
    ),
}
