"""Runs with chosen signals on the embedded real digits: in memory, or in a directory where a test needs one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gandoctor.store import DataCard, Manifest, Run, RunWriter, load_run

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"
PROBE_EVERY = 20
SAMPLE_COUNT = 128
REAL_COUNT = 288

Series = Mapping[int, float]


@cache
def digits() -> np.ndarray:
    """uint8 (5000, 28, 28, 1)."""
    with np.load(DIGITS, allow_pickle=False) as archive:
        images: np.ndarray = archive["images"][..., None]
    return images


def probes(value: float | Callable[[int], float], start: int = PROBE_EVERY, stop: int = 1000) -> dict[int, float]:
    """One value every 20 steps."""
    return {s: value(s) if callable(value) else value for s in range(start, stop + 1, PROBE_EVERY)}


def every_step(value: float | Callable[[int], float], start: int = 1, stop: int = 1000) -> dict[int, float]:
    return {s: value(s) if callable(value) else value for s in range(start, stop + 1)}


def healthy() -> dict[str, dict[int, float]]:
    """Signals of a healthy run, with the levels of a real one (quick preset, seed 0)."""
    return {
        "d_loss": every_step(lambda s: 0.03 if 20 < s < 120 else 0.55),
        "g_loss": every_step(1.4),
        "d_logit_gap": probes(lambda s: 8.0 if s < 120 else 1.5),
        "g_update_ratio": probes(4e-3),
        "sample_min": probes(0.0),
        "sample_max": probes(1.0),
        "sample_mean": probes(0.12),
        "sample_std": probes(0.28),
        "sample_latent_std": probes(lambda s: 0.07 if s < 150 else 0.155),
        "sample_autocorrelation": probes(lambda s: 0.6 if s < 100 else 0.862),
        "sample_spectral_flatness": probes(0.06),
        "sample_high_frequency": probes(lambda s: 0.156 if s < 120 else 0.030),
        "sample_noise_sigma": probes(lambda s: 0.02 if s < 120 else 0.003),
        "sample_impulse": probes(0.010),
        "sample_nn_distance": probes(lambda s: 2.8 if s < 150 else 5.6),
        "sample_duplicate_pairs": probes(lambda s: 95.0 if s < 60 else 2.0),
        "sample_pairwise_distance": probes(lambda s: 4.4 if s < 150 else 8.0),
        "sample_coverage": probes(0.40),
        "sample_kid": probes(0.45),
        "sample_lone_pixels": probes(0.0),
    }


def make_run(
    signals: Mapping[str, Series],
    *,
    reals: np.ndarray | None = None,
    real_count: int = REAL_COUNT,
    planned_steps: int | None = 600,  # warm-up is over at step 300
    loss_family: str | None = "non_saturating",
    **fields: Any,
) -> Run:
    """A run in memory.

    Args:
        signals: Signal name -> step -> value.
        reals: Its probe reals, uint8 (n, height, width, channels); by default digits.
        real_count: How many digits are its reals; 0: none.
        planned_steps: As in the manifest.
        loss_family: As in the manifest.
        fields: Others of the manifest.
    """
    if reals is None and real_count:
        reals = digits()[:real_count]
    data = DataCard(
        shape=(28, 28, 1), dtype="float32", minimum=0, maximum=1, mean=0.13, std=0.3, probe_count=max(real_count, 1)
    )
    manifest = Manifest(
        planned_steps=planned_steps,
        loss_family=loss_family,
        cadence={"every_steps": PROBE_EVERY, "sample_count": SAMPLE_COUNT},
        **{"data": data, **fields},
    )
    return Run.from_signals(signals, manifest, reals=reals)


def write_run(
    path: Path, signals: Mapping[str, Series], sheets: Mapping[int, np.ndarray] | None = None, **fields: Any
) -> Run:
    """The run that `make_run` makes, in a directory; `sheets` are its contact sheets, by step, in 0..1."""
    run = make_run(signals, **fields)
    writer = RunWriter(path, run.manifest)
    for step in sorted({s for series in signals.values() for s in series}):
        writer.record(step, {name: series[step] for name, series in signals.items() if step in series})
    for step, images in (sheets or {}).items():
        writer.samples(step, (np.clip(images[:32], 0, 1) * 255).astype(np.uint8), digits()[:8])
    if run.reals is not None:
        writer.reals(run.reals)
    writer.close("completed")
    return load_run(path)
