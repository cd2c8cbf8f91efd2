"""Copying against a loop over pairs, and on digits that are copied, held out or neither."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from gandoctor.measures import Reference
from gandoctor.measures.copying import copying

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][:1200, :, :, None].astype(np.float32) / 255


@pytest.fixture(scope="module")
def reference(digits: np.ndarray) -> Reference:
    return Reference(digits[:512], digits[512:1024])


def test_the_probability_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    fakes, holdout = rng.integers(0, 9, 31).astype(float), rng.integers(2, 12, 47).astype(float)
    wins = [1.0 if f < h else 0.5 if f == h else 0.0 for f in fakes for h in holdout]
    assert copying(fakes, holdout) == pytest.approx(np.mean(wins))
    assert copying(np.zeros(3), np.ones(2)) == 1
    assert copying(np.ones(3), np.zeros(2)) == 0
    assert copying(np.ones(3), np.ones(2)) == 0.5


def test_copies_held_out_digits_and_noise(digits: np.ndarray, reference: Reference) -> None:
    assert reference.statistics(digits[1024:1088])["sample_copying"] == pytest.approx(0.5, abs=0.12)
    assert reference.statistics(digits[100:164])["sample_copying"] > 0.99
    noisy = digits[100:164] + np.random.default_rng(0).normal(0, 0.05, (64, 28, 28, 1)).astype(np.float32)
    assert reference.statistics(noisy)["sample_copying"] > 0.95
    half = np.concatenate([digits[100:132], digits[1024:1056]])
    assert reference.statistics(half)["sample_copying"] == pytest.approx(0.75, abs=0.1)
    noise = np.random.default_rng(0).random((64, 28, 28, 1)).astype(np.float32)
    assert reference.statistics(noise)["sample_copying"] < 0.05


def test_smooth_images_come_near_to_everything(digits: np.ndarray, reference: Reference) -> None:
    """What the documentation warns of: blurred digits that nobody copied."""
    blurred = ndimage.gaussian_filter(digits[1024:1088], (0, 1, 1, 0))
    assert reference.statistics(blurred)["sample_copying"] > 0.7


def test_the_distance_is_that_of_a_loop(digits: np.ndarray, reference: Reference) -> None:
    def nearest(images: np.ndarray) -> np.ndarray:
        return np.array([np.linalg.norm((digits[:512] - image).reshape(512, -1), axis=1).min() for image in images])

    fakes = digits[1024:1088]
    expected = copying(nearest(fakes), nearest(digits[512:1024]))
    assert reference.statistics(fakes)["sample_copying"] == pytest.approx(expected, abs=1e-3)


def test_absent_without_held_out_images_and_where_values_are_not_finite(
    digits: np.ndarray, reference: Reference
) -> None:
    assert "sample_copying" not in Reference(digits[:512]).statistics(digits[1024:1088])
    broken = digits[1024:1088].copy()
    broken[0, 0, 0, 0] = np.inf
    assert "sample_copying" not in reference.statistics(broken)
