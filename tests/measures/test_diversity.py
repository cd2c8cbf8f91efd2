"""Diversity and the embedding against explicit loops, closed forms and made collapses."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform

from gandoctor.measures import RandomConvEmbedding, Reference, diversity_statistics
from gandoctor.measures.diversity import expected_coverage

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][:600, :, :, None].astype(np.float32) / 255


@pytest.fixture(scope="module")
def reference(digits: np.ndarray) -> Reference:
    return Reference(digits[:400])


def test_samples_of_fewer_dimensions_than_noisy_data_are_no_copies(digits: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    noise = Reference(rng.normal(0.5, 0.1, (400, 8, 8, 1)).astype(np.float32))
    directions = rng.normal(size=(30, 64)) / np.sqrt(30)
    plane = (0.5 + 0.1 * rng.normal(size=(128, 30)) @ directions).reshape(128, 8, 8, 1)
    assert diversity_statistics(plane, noise)["sample_duplicate_pairs"] == 0
    assert diversity_statistics(np.repeat(plane[:1], 128, axis=0), noise)["sample_duplicate_pairs"] == 128 * 127 / 2


def test_distances_equal_scipy(digits: np.ndarray, reference: Reference) -> None:
    fakes = digits[400:464]
    flat, real = fakes.reshape(64, -1).astype(np.float64), digits[:400].reshape(400, -1).astype(np.float64)
    among, reals, across = squareform(pdist(flat)), squareform(pdist(real)), cdist(flat, real)
    np.fill_diagonal(among, np.inf)
    np.fill_diagonal(reals, np.inf)
    measured = diversity_statistics(fakes, reference)
    assert measured["sample_nn_distance"] == pytest.approx(np.median(among.min(axis=1)), rel=1e-5)
    assert measured["sample_pairwise_distance"] == pytest.approx(pdist(flat).mean(), rel=1e-5)
    radii = np.sort(reals, axis=1)[:, 4]
    coverage = (across.min(axis=0) < radii).mean() / expected_coverage(400, 64)
    assert measured["sample_coverage"] == pytest.approx(coverage, rel=1e-6)
    tau = np.quantile(reals.min(axis=1), 0.01)
    assert measured["sample_duplicate_pairs"] == (pdist(flat) < tau).sum()


def test_kid_equals_a_double_loop(digits: np.ndarray, reference: Reference) -> None:
    fakes = digits[400:420]
    embedding = RandomConvEmbedding(digits.shape[1:])
    raw = embedding(digits[:400]).astype(np.float64)
    x, y = ((z - raw.mean(axis=0)) / raw.std(axis=0) for z in (embedding(fakes), raw))

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 64 + 1) ** 3)

    within_x = np.mean([kernel(a, b) for a, b in combinations(x, 2)])
    within_y = np.mean([kernel(a, b) for a, b in combinations(y, 2)])
    across = np.mean([[kernel(a, b) for b in y] for a in x])
    expected = within_x + within_y - 2 * across
    assert diversity_statistics(fakes, reference)["sample_kid"] == pytest.approx(expected, rel=1e-9)


def test_kid_is_unbiased_on_reals_and_large_on_noise(digits: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    values = []
    for _ in range(12):
        order = rng.permutation(600)
        values.append(diversity_statistics(digits[order[:100]], Reference(digits[order[100:]]))["sample_kid"])
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(12) + 0.01
    noisy = np.clip(digits[:100] + 0.1 * rng.standard_normal((100, 28, 28, 1)), 0, 1)
    assert diversity_statistics(noisy, Reference(digits[100:]))["sample_kid"] > 5 * np.std(values)


def test_expected_coverage_against_simulation_and_the_published_numbers() -> None:
    assert expected_coverage(1000, 64) == pytest.approx(0.267, abs=0.001)
    assert expected_coverage(1000, 256) == pytest.approx(0.680, abs=0.002)
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(200):
        real, fake = rng.standard_normal((60, 2)), rng.standard_normal((30, 2))
        radii = np.sort(cdist(real, real), axis=1)[:, 5]
        shares.append((cdist(fake, real).min(axis=0) < radii).mean())
    assert np.mean(shares) == pytest.approx(expected_coverage(60, 30), abs=0.01)


@pytest.mark.parametrize(("copies", "pairs"), [(1, 0), (10, 45), (64, 2016), (128, 8128)])
def test_copies_are_counted(digits: np.ndarray, reference: Reference, copies: int, pairs: int) -> None:
    fakes = digits[400:528].copy()
    base = diversity_statistics(fakes, reference)["sample_duplicate_pairs"]
    fakes[:copies] = fakes[0]
    assert diversity_statistics(fakes, reference)["sample_duplicate_pairs"] == pytest.approx(pairs, abs=base + 2)


def test_constant_output(reference: Reference) -> None:
    measured = diversity_statistics(np.full((16, 28, 28, 1), 0.5), reference)
    assert measured["sample_nn_distance"] == 0
    assert measured["sample_pairwise_distance"] == 0
    assert measured["sample_duplicate_pairs"] == 120
    assert np.isfinite(measured["sample_kid"])


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 48, 3)])
def test_reals_that_repeat_do_not_hide_copies(shape: tuple[int, int, int]) -> None:
    """Where data hold exact copies tau is 0: their distance must be 0 as well, on any processor."""
    rng = np.random.default_rng(0)
    reals = rng.random((10, *shape)).astype(np.float32)[np.arange(100) % 10]
    drawn = rng.integers(0, 10, 64)
    pairs = sum(math.comb(int(times), 2) for times in np.bincount(drawn))
    measured = diversity_statistics(reals[drawn], Reference(reals))
    assert measured["sample_duplicate_pairs"] == pairs
    assert measured["sample_nn_distance"] == 0
    assert measured["sample_coverage"] == pytest.approx(1 / expected_coverage(100, 64))


def test_coverage_and_copying_of_images_at_equal_distances() -> None:
    """A copy of a real lies where that real lies: on the radius of those whose 5th neighbour it is, and within it."""
    reals = np.zeros((40, 8, 8, 1), np.float32)
    reals[np.arange(40), np.arange(40) // 8, np.arange(40) % 8] = np.float32(0.7)  # all equally far from each other
    reference = Reference(reals, holdout=reals[20:])
    measured = diversity_statistics(reals[:4], reference)
    assert measured["sample_coverage"] == pytest.approx(1 / expected_coverage(40, 4))
    assert measured["sample_copying"] == 0.5
    far = np.full((4, 8, 8, 1), 0.5, np.float32)
    assert diversity_statistics(far, reference)["sample_coverage"] == 0


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 11, 3), (32, 32, 3), (64, 48, 3), (100, 100, 1)])
def test_any_image_size(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    reals, fakes = rng.random((40, *shape)), rng.random((12, *shape))
    measured = diversity_statistics(fakes, Reference(reals))
    assert len(measured) == 5
    assert all(np.isfinite(value) for value in measured.values())


def test_what_cannot_be_measured_is_left_out(digits: np.ndarray, reference: Reference) -> None:
    bad = digits[:4].copy()
    bad[0, 0, 0, 0] = np.nan
    assert diversity_statistics(bad, reference) == {}
    assert diversity_statistics(digits[:1], reference) == {}
    assert np.isfinite(list(diversity_statistics(1e30 * digits[:4], reference).values())).all()
    with pytest.raises(ValueError, match="at least 8"):
        Reference(digits[:7])


def test_embedding_is_fixed_and_orthogonal(digits: np.ndarray) -> None:
    one, two = RandomConvEmbedding((28, 28, 1)), RandomConvEmbedding((28, 28, 1))
    assert np.array_equal(one(digits[:9]), two(digits[:9]))
    assert one(digits[:300]).shape == (300, 64)
    assert np.allclose(one._projection.T @ one._projection, np.eye(64), atol=1e-5)
    assert np.allclose(one(digits[:9]), one(digits[:300])[:9], atol=1e-5)


def test_embedding_does_not_depend_on_global_random_state(digits: np.ndarray) -> None:
    np.random.seed(1)
    first = RandomConvEmbedding((28, 28, 1))(digits[:2])
    state = np.random.get_state()[1].copy()
    assert np.array_equal(first, RandomConvEmbedding((28, 28, 1))(digits[:2]))
    assert np.array_equal(state, np.random.get_state()[1])
