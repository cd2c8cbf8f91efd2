"""The oracle's numbers on images whose state is known, and against independent computations."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from reference_models.benchmark import image_numbers as numbers
from reference_models.datasets import load_images
from reference_models.shapes import coloured_shapes, labelled_shapes


@pytest.fixture(scope="module")
def digits():
    pixels = load_images().pixels.astype(np.float32) / 255
    order = np.random.default_rng(5).permutation(len(pixels))
    return pixels[order[:600]], pixels[order[600:1100]]


def flat(images):
    return images.reshape(len(images), -1)


def test_kernel_distance_is_the_unbiased_estimate():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 3)), rng.normal(1, 1, size=(5, 3))
    pairs_a = [(a[i] @ a[j] / 3 + 1) ** 3 for i in range(7) for j in range(7) if i != j]
    pairs_b = [(b[i] @ b[j] / 3 + 1) ** 3 for i in range(5) for j in range(5) if i != j]
    across = [(x @ y / 3 + 1) ** 3 for x in a for y in b]
    assert numbers.kernel_distance(a, b) == pytest.approx(np.mean(pairs_a) + np.mean(pairs_b) - 2 * np.mean(across))


def test_coverage_is_one_of_real_data_and_falls_with_what_is_missing(digits):
    fakes, reals = (flat(part) for part in digits)
    assert numbers.coverage(fakes, reals) == pytest.approx(1, abs=0.06)
    assert numbers.coverage(np.repeat(fakes[:10], 50, axis=0), reals) < 0.2


def test_perplexity_counts_classes():
    assert numbers.perplexity(np.eye(10)[np.arange(100) % 5]) == pytest.approx(5)
    assert numbers.perplexity(np.full((3, 10), 0.1)) == pytest.approx(10)


def test_sure_share():
    assert numbers.sure_share(np.array([[0.95, 0.05], [0.6, 0.4]])) == 0.5


def test_copies_are_not_distinct(digits):
    fakes, reals = (flat(part) for part in digits)
    assert numbers.distinct_share(fakes, reals) > 0.95
    half = np.where(np.arange(len(fakes))[:, None] % 2 == 0, fakes[:1], fakes)
    assert numbers.distinct_share(half, reals) == pytest.approx(0.5, abs=0.03)


def test_distances_agree_with_scipy(digits):
    a, b = flat(digits[0])[:40], flat(digits[1])[:30]
    assert numbers._distances(a, b) == pytest.approx(cdist(a.astype(float), b.astype(float)), abs=1e-6)


@pytest.mark.parametrize("sigma", [0.05, 0.1])
def test_noise_is_measured_in_its_own_size(sigma):
    flat_ground = np.full((50, 28, 28, 1), 0.5) + np.random.default_rng(1).normal(0, sigma, (50, 28, 28, 1))
    assert numbers.wavelet_noise(flat_ground) == pytest.approx(sigma, rel=0.05)


def test_digits_have_no_noise_and_less_detail_than_noise_has(digits):
    assert numbers.wavelet_noise(digits[0]) == 0
    noise = np.random.default_rng(2).uniform(size=digits[0].shape)
    assert numbers.fine_detail(noise) == pytest.approx(0.75, abs=0.01)
    assert numbers.fine_detail(digits[0]) < 0.3
    assert numbers.fine_detail(np.ones((2, 8, 8, 1))) == 0


def test_spread_of_one_image_is_nothing(digits):
    assert numbers.spread(np.repeat(digits[0][:1], 9, axis=0)) == pytest.approx(0, abs=1e-6)
    assert numbers.spread(digits[0]) > 0.1


def test_labels_of_shapes_go_with_their_images():
    images, kinds = labelled_shapes(200, seed=3)
    assert (images == coloured_shapes(200, seed=3)).all()
    brightness = images.max(axis=-1).astype(float)
    centre = brightness[:, 15:17, 15:17].mean(axis=(1, 2))
    rings = centre[kinds == 3]
    assert (rings < 128).mean() > 0.9  # a ring is empty in the middle
    assert (centre[kinds != 3] > 128).mean() > 0.9
