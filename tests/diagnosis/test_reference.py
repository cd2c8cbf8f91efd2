"""The reference of a diagnosis: how the run's real data score, or why that is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.store import Manifest, Run, RunWriter, load_run


def with_reals(path: Path, reals: np.ndarray | None) -> Run:
    writer = RunWriter(path, Manifest(cadence={"sample_count": 16}))
    writer.record(1, {"d_loss": 0.5})
    if reals is not None:
        writer.reals(reals)
    writer.close("completed")
    return load_run(path)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (64, 12, 12, 1)).astype(np.uint8)


def test_real_images_have_bands_and_noise_has_no_digits(tmp_path: Path, noise: np.ndarray) -> None:
    reference = Diagnosis(with_reals(tmp_path / "run", noise), ()).reference
    band = reference.bands["sample_autocorrelation"]
    assert -0.2 < band.low < band.high < 0.2  # white noise: neighbours do not correlate
    assert reference.trouble is None
    assert reference.class_shares == {}


def test_a_run_without_real_images_has_no_bands_and_no_trouble(tmp_path: Path) -> None:
    reference = Diagnosis(with_reals(tmp_path / "run", None), ()).reference
    assert (reference.bands, reference.trouble, reference.class_shares) == ({}, None, {})


def test_what_cannot_be_measured_is_said(tmp_path: Path, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Run) -> None:
        raise ValueError("odd reals")

    monkeypatch.setattr("gandoctor.measures.null.null_bands", broken)
    reference = Diagnosis(with_reals(tmp_path / "run", noise), ()).reference
    assert reference.bands == {}
    assert str(reference.trouble) == "ValueError: odd reals"
