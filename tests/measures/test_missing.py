"""Missing modes: k-means against scipy's, the test against its own sum, and digits of which some are missing."""

from __future__ import annotations

from math import comb
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.vq import kmeans2

from gandoctor.measures.missing import BINS, RealBins, bins_of, missing_share
from gandoctor.measures.pixels import nearest, squared_distances

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"


@pytest.fixture(scope="module")
def stored() -> tuple[np.ndarray, np.ndarray]:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][:, :, :, None].astype(np.float32) / 255, archive["labels"]


def test_bins_are_those_that_scipy_goes_on_to_keep() -> None:
    """A fixed point of Lloyd's algorithm: further rounds of another implementation change nothing."""
    rng = np.random.default_rng(0)
    points = np.rint(1000 * (rng.normal(size=(400, 2)) + 9 * rng.integers(0, 3, (400, 2))))
    centres, shares = bins_of(points, squared_distances(points, points))
    assert len(centres) == 400 // 16
    again, labels = kmeans2(points, centres, iter=3, minit="matrix")
    np.testing.assert_allclose(again, centres, atol=50)
    np.testing.assert_array_equal(nearest(points, again), labels)
    assert shares.sum() == pytest.approx(1)
    assert np.array_equal(bins_of(points, squared_distances(points, points))[0], centres)


@pytest.mark.parametrize("n", [64, 256])
def test_the_rule_is_a_quarter_and_a_binomial_chance(n: int) -> None:
    shares = np.array([0.5, 0.3, 0.12, 0.05, 0.02, 0.01])
    for count in range(40):
        for k in range(1, len(shares)):
            bins = np.concatenate([np.full(count, k), np.zeros(n - count)]).astype(int)
            expected = sum(
                s
                for i, s in enumerate(shares)
                if (c := {0: n - count, k: count}.get(i, 0)) < s * n / 4
                and sum(comb(n, j) * s**j * (1 - s) ** (n - j) for j in range(c + 1)) < 0.001
            )
            assert missing_share(bins, shares) == pytest.approx(expected)


def test_digits_of_which_some_are_missing(stored: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = stored
    reals, rest, known = images[:512], images[512:], labels[512:]
    bins = RealBins(reals)
    assert len(bins.shares) == BINS
    assert missing_share(bins.bins(rest[:256]), bins.shares) < 0.06
    assert missing_share(bins.bins(rest[known < 5][:256]), bins.shares) > 0.08
    one = missing_share(bins.bins(rest[known == 1][:256]), bins.shares)
    assert 0.4 < one < 0.95
    copies = missing_share(bins.bins(np.repeat(rest[:1], 256, axis=0)), bins.shares)
    assert copies > 0.7  # not 1: the smallest bins may well be empty in 256 images


def test_labels_of_the_bins_are_those_of_a_loop(stored: tuple[np.ndarray, np.ndarray]) -> None:
    images = stored[0]
    bins = RealBins(images[:256])
    in_bins = np.bincount(bins.bins(images[:256]), minlength=16) / 256
    np.testing.assert_allclose(in_bins, bins.shares)


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 1), (128, 128, 3), (8, 8, 3)])
def test_every_kind_of_image(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    kinds = rng.random((4, *shape)).astype(np.float32)
    reals = np.repeat(kinds, 16, axis=0) + rng.normal(0, 0.02, (64, *shape)).astype(np.float32)
    bins = RealBins(reals)
    fakes = np.repeat(kinds[:3], 30, axis=0)
    assert missing_share(bins.bins(fakes), bins.shares) == pytest.approx(0.25)


def test_reals_that_are_all_alike_miss_nothing() -> None:
    bins = RealBins(np.full((64, 28, 28, 1), 0.5, np.float32))
    assert bins.shares.tolist() == [1, 0, 0, 0]
    assert missing_share(bins.bins(np.zeros((256, 28, 28, 1), np.float32)), bins.shares) == 0


def test_too_few_reals() -> None:
    with pytest.raises(ValueError, match="at least 64"):
        RealBins(np.zeros((63, 28, 28, 1), np.float32))
