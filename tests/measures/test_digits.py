"""The digit classifier against an independent convolution, what it takes for digits, and what it says of collapses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage, signal
from scipy.stats import entropy

from gandoctor.measures.digits import (
    WEIGHTS,
    DigitClassifier,
    DigitSet,
    class_perplexity,
    class_shares,
    looks_like_digits,
)
from reference_models.shapes import coloured_shapes

DIGITS = Path(__file__).parents[2] / "reference_models" / "data" / "mnist_5k.npz"


@pytest.fixture(scope="module")
def held_out() -> tuple[np.ndarray, np.ndarray]:
    """The 500 even digits the classifier was not trained on (tests/benchmarks/digit_classifier.py)."""
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][::10, :, :, None].astype(np.float32) / 255, archive["labels"][::10]


@pytest.fixture(scope="module")
def some() -> tuple[np.ndarray, np.ndarray]:
    """The even digits, trained on or not."""
    with np.load(DIGITS, allow_pickle=False) as archive:
        return archive["images"][::2, :, :, None].astype(np.float32) / 255, archive["labels"][::2]


def test_the_network_is_that_of_scipy_s_correlation(held_out: tuple[np.ndarray, np.ndarray]) -> None:
    with np.load(WEIGHTS) as stored:
        w = {name: value.astype(np.float64) for name, value in stored.items()}
    x = held_out[0][0].astype(np.float64)
    for k in (1, 2):
        kernel, bias = w[f"kernel_{k}"], w[f"bias_{k}"]
        maps = [
            sum(signal.correlate2d(x[..., c], kernel[..., c, f], "valid") for c in range(x.shape[-1]))[::2, ::2]
            for f in range(kernel.shape[-1])
        ]
        x = np.maximum(np.stack(maps, axis=-1) + bias, 0)
    features = np.maximum(x.ravel() @ w["kernel_3"] + w["bias_3"], 0)
    logits = features @ w["kernel_4"] + w["bias_4"]
    expected = np.exp(logits) / np.exp(logits).sum()
    classifier = DigitClassifier.shipped()
    np.testing.assert_allclose(classifier.features(held_out[0][:1])[0], features, atol=1e-4)
    np.testing.assert_allclose(classifier.probabilities(held_out[0][:1])[0], expected, atol=1e-5)


def test_accuracy_on_digits_it_was_not_trained_on(held_out: tuple[np.ndarray, np.ndarray]) -> None:
    said = DigitClassifier.shipped().probabilities(held_out[0])
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)
    assert (said.argmax(axis=1) == held_out[1]).mean() > 0.97


def test_digits_and_some_of_the_digits_are_accepted(
    held_out: tuple[np.ndarray, np.ndarray], some: tuple[np.ndarray, np.ndarray]
) -> None:
    assert looks_like_digits(held_out[0])
    images, labels = some
    for digit in range(10):
        assert looks_like_digits(images[labels == digit]), digit
    assert looks_like_digits(images[labels <= 6])
    assert looks_like_digits((images > 0.5).astype(np.float32))


def grey_shapes() -> np.ndarray:
    grey = coloured_shapes(256).astype(np.float32).mean(axis=-1) / 255
    return ndimage.zoom(grey, (1, 28 / 32, 28 / 32), order=1)[..., None]


def smooth_noise() -> np.ndarray:
    smooth = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(256, 28, 28, 1)), (0, 2, 2, 0))
    return ((smooth - smooth.min()) / (smooth.max() - smooth.min())).astype(np.float32)


def rings() -> np.ndarray:
    """Perfect circles: the classifier is sure of its 0, but no 0 of MNIST looks like them."""
    rng, (y, x) = np.random.default_rng(0), np.mgrid[:28, :28]
    around = [np.hypot(y - rng.uniform(12.5, 14.5), x - rng.uniform(12.5, 14.5)) for _ in range(256)]
    return np.stack([np.exp(-((r - rng.uniform(6, 9)) ** 2) / 2) for r in around])[..., None]


@pytest.mark.parametrize(
    "made",
    [
        lambda digits: rings(),
        lambda digits: grey_shapes(),
        lambda digits: smooth_noise(),
        lambda digits: np.random.default_rng(0).random((256, 28, 28, 1)).astype(np.float32),
        lambda digits: 1 - digits,
        lambda digits: digits[:, ::-1],
        lambda digits: np.roll(digits, 14, axis=(1, 2)),
        lambda digits: np.zeros_like(digits),
        lambda digits: np.ones_like(digits),
        lambda digits: np.repeat(digits, 3, axis=-1),
        lambda digits: np.pad(digits, ((0, 0), (2, 2), (2, 2), (0, 0))),
    ],
    ids=["rings", "shapes", "smooth", "noise", "inverted", "upside", "rolled", "black", "white", "colour", "padded"],
)
def test_what_is_no_digit_is_refused(made: object, held_out: tuple[np.ndarray, np.ndarray]) -> None:
    assert callable(made)
    images = np.ascontiguousarray(made(held_out[0]), dtype=np.float32)
    assert not looks_like_digits(images)
    assert DigitSet.of(images) is None


def test_perplexity_is_the_exponential_of_scipy_s_entropy() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(10, 0.3), 50)
    assert class_perplexity(p) == pytest.approx(np.exp(entropy(p.mean(axis=0))))
    assert class_perplexity(np.eye(10)) == pytest.approx(10)
    assert class_perplexity(np.eye(10)[np.zeros(5, int)]) == 1


def test_shares_and_perplexity_of_digits_that_are_missing(some: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = some
    classifier = DigitClassifier.shipped()
    whole = classifier.probabilities(images[:256])
    assert class_perplexity(whole) > 9.5
    counted = np.bincount(labels[:256], minlength=10) / 256
    np.testing.assert_allclose(class_shares(whole), counted, atol=0.03)
    without = classifier.probabilities(images[labels != 4][:256])
    assert class_shares(without)[4] < 0.02
    assert class_perplexity(without) < 9.4
    half = classifier.probabilities(images[labels < 5][:256])
    assert class_perplexity(half) < 6


def test_kid_equals_a_double_loop(some: tuple[np.ndarray, np.ndarray]) -> None:
    reals, fakes = some[0][:40], some[0][600:620]
    digits = DigitSet.of(reals)
    assert digits is not None
    classifier = DigitClassifier.shipped()
    raw = classifier.features(reals).astype(np.float64)
    spread = np.where(raw.std(axis=0) > 1e-6, raw.std(axis=0), 1)
    y = (raw - raw.mean(axis=0)) / spread
    x = (classifier.features(fakes) - raw.mean(axis=0)) / spread

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    def pairs(z: np.ndarray) -> float:
        return float(np.mean([kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j]))

    expected = pairs(x) + pairs(y) - 2 * np.mean([kernel(a, b) for a in x for b in y])
    assert digits.look(fakes)[1] == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_kid_in_digit_features_sees_a_missing_half(some: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = some
    digits = DigitSet.of(images[:512])
    assert digits is not None
    rest, known = images[512:], labels[512:]
    whole = max(digits.look(rest[i : i + 64])[1] for i in range(0, 640, 64))
    half = min(digits.look(rest[known < 5][i : i + 64])[1] for i in range(0, 640, 64))
    assert half > whole
    assert digits.look(np.random.default_rng(0).random((64, 28, 28, 1)))[1] > half
