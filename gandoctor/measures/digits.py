"""A small digit classifier: which digits generated images are, for data sets of digits such as MNIST.

Class shares and a kernel distance in a classifier's features see what pixels do not: one digit of ten that is missing.
The classifier is used only where the real images look like digits to it (`looks_like_digits`). It has learnt to be
undecided on noise and on what is no digit, so that an untrained generator does not look as if it knew one digit only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gandoctor.measures.images import within_bound
from gandoctor.measures.kernel_distance import KernelDistance, Standardisation

if TYPE_CHECKING:
    from gandoctor.store import Run

WEIGHTS = Path(__file__).with_name("digit_classifier.npz")
"""Trained by tests/benchmarks/digit_classifier.py on 2,000 digits of MNIST (LeCun and Cortes, CC BY-SA 3.0)."""
CLASSES = 10
SHAPE = (28, 28, 1)
SPACE = "features of a digit classifier"


MIN_CONFIDENCE = 0.91
MAX_DISTANCE = 1.2
"""What looks like digits (`Likeness`). Measured: digits of MNIST not trained on 0.97 and 0.75; of one class alone
0.94 to 0.99 and 0.2 to 1.04; blurred or binarised 0.95 and 0.5 to 0.8. Not digits: noise, inverted digits and black
images 0.11 and 1.04, mirrored digits 0.77 and 1.2, grey shapes 0.60 and 1.1, printed letters 0.58 and 1.1, two digits
on top of each other 0.88 and 1.26."""


@dataclass(frozen=True)
class Likeness:
    """How much a set of images looks like digits.

    Attributes:
        confidence: Mean probability of the digit that the classifier takes an image for.
        distance: Median squared Mahalanobis distance of an image's features from the nearest digit's mean, per
            feature: about 1 for digits.
    """

    confidence: float
    distance: float


class DigitClassifier:
    """Two strided convolutions and two dense layers, ReLU between them.

    Args:
        weights: kernel_1 .. kernel_4 and bias_1 .. bias_4 as Keras keeps them; means (10, features) and precision
            (features, features) of the digits' features where `likeness` is asked for.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self._weights = w = {name: np.asarray(value, dtype=np.float32) for name, value in weights.items()}
        self._convolutions = (
            _StridedConvolution.of(w["kernel_1"], w["bias_1"], width=SHAPE[1]),
            _StridedConvolution.of(w["kernel_2"], w["bias_2"], width=(SHAPE[1] - len(w["kernel_1"])) // 2 + 1),
        )

    @classmethod
    @cache
    def shipped(cls) -> DigitClassifier:
        """Return the classifier that comes with the package."""
        with np.load(WEIGHTS) as stored:
            return cls(dict(stored))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the last hidden layer's outputs, float32 (n, features), for finite images (n, 28, 28, 1) in 0..1."""
        w = self._weights
        x = within_bound(np.asarray(images, dtype=np.float32).reshape(-1, *SHAPE[:2]))
        for convolution in self._convolutions:
            x = convolution(x)
        hidden = x.reshape(len(x), -1) @ w["kernel_3"] + w["bias_3"]
        rectified: np.ndarray = np.maximum(hidden, 0.0, out=hidden)
        return rectified

    def probabilities_of(self, features: np.ndarray) -> np.ndarray:
        """Return the probabilities of the ten digits, float32 (n, 10), from `features`."""
        logits = features @ self._weights["kernel_4"] + self._weights["bias_4"]
        logits -= logits.max(axis=1, keepdims=True)
        raised = np.exp(logits)
        probabilities: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
        return probabilities

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the probabilities of the ten digits, float32 (n, 10), for images as in `features`."""
        return self.probabilities_of(self.features(images))

    def likeness(self, images: np.ndarray) -> Likeness:
        """Measure how much images (n, 28, 28, 1) in 0..1 look like digits."""
        features = self.features(images)
        means, precision = self._weights["means"], self._weights["precision"]
        away = features[:, None, :] - means[None, :, :]
        squared = np.einsum("nci,ij,ncj->nc", away, precision, away, optimize=True).min(axis=1)
        confidence = self.probabilities_of(features).max(axis=1).mean(dtype=np.float64)
        return Likeness(float(confidence), float(np.median(squared)) / features.shape[1])


@dataclass(frozen=True)
class _StridedConvolution:
    """Convolution of stride 2 without padding, then ReLU, as one matrix product for each row of its output.

    Attributes:
        matrix: (size * width * channels, width' * filters): from the rows a kernel spans, which lie side by side in
            memory, to one row of the output.
        bias: (width' * filters,).
        size: Rows of the kernel.
    """

    matrix: np.ndarray
    bias: np.ndarray
    size: int

    @classmethod
    def of(cls, kernel: np.ndarray, bias: np.ndarray, width: int) -> _StridedConvolution:
        """Lay a kernel (size, size, channels, filters) out for images of a width."""
        size, _, channels, filters = kernel.shape
        out = (width - size) // 2 + 1
        matrix = np.zeros((size, width, channels, out, filters), dtype=np.float32)
        for column in range(out):
            matrix[:, 2 * column : 2 * column + size, :, column] = kernel
        return cls(matrix.reshape(size * width * channels, -1), np.tile(bias, out), size)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Convolve rows: (n, height, width * channels) -> (n, height', width' * filters)."""
        n, height, row = x.shape
        starts = range(0, height - self.size + 1, 2)
        spans = np.stack([x[:, start : start + self.size].reshape(n, -1) for start in starts], axis=1)
        out = spans.reshape(-1, self.size * row) @ self.matrix
        out += self.bias
        rectified: np.ndarray = np.maximum(out, 0.0, out=out).reshape(n, len(starts), -1)
        return rectified


@dataclass(frozen=True)
class DigitSet:
    """Real images that look like digits, in the features of the classifier.

    Attributes:
        classifier: Whose features are compared.
        probabilities: Of the ten digits, float32 (m, 10), for the reals.
        standardised: Brings features to mean 0 and variance 1 among the reals.
        features: The reals' standardised ones, (m, features).
        kernel_distance: To the reals in these features.
    """

    classifier: DigitClassifier
    probabilities: np.ndarray
    standardised: Standardisation
    features: np.ndarray
    kernel_distance: KernelDistance

    @classmethod
    def of(cls, reals: np.ndarray) -> DigitSet | None:
        """Take real images in 0..1, (m, height, width, channels); None where they do not look like digits."""
        if not looks_like_digits(reals):
            return None
        classifier = DigitClassifier.shipped()
        raw = classifier.features(reals)
        standardised = Standardisation(raw)
        features = standardised(raw)
        return cls(classifier, classifier.probabilities_of(raw), standardised, features, KernelDistance(features))

    def look(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the digits' probabilities (n, 10) of finite generated images in 0..1 and their `sample_class_kid`.

        The latter is the kernel distance to the reals in the classifier's features, n at least 2.
        """
        raw = self.classifier.features(images)
        return self.classifier.probabilities_of(raw), self.kernel_distance(self.standardised(raw))


def looks_like_digits(reals: np.ndarray) -> bool:
    """Tell whether real images in 0..1, (m, height, width, channels), look like the digits the classifier knows."""
    if reals.shape[1:] != SHAPE:
        return False
    likeness = DigitClassifier.shipped().likeness(reals)
    return likeness.confidence >= MIN_CONFIDENCE and likeness.distance <= MAX_DISTANCE


def class_shares(probabilities: np.ndarray) -> np.ndarray:
    """Return the share of images that are taken for each digit, (10,), from probabilities (n, 10)."""
    shares: np.ndarray = np.bincount(probabilities.argmax(axis=1), minlength=CLASSES) / len(probabilities)
    return shares


def real_probabilities(run: Run) -> np.ndarray | None:
    """Return the probabilities of the digits for every real image of a run, (m, 10); None where they are no digits."""
    reals = run.reals
    if reals is None:
        return None
    images = reals.astype(np.float32) / 255
    return DigitClassifier.shipped().probabilities(images) if looks_like_digits(images) else None


def class_perplexity(probabilities: np.ndarray) -> float:
    """Return exp(H(mean p)): the effective number of digits, 10 where all are as frequent, 1 where there is one.

    The marginal part of the inception score (Salimans et al., Improved Techniques for Training GANs, 2016). It does not
    see whether each image looks like a digit.

    Args:
        probabilities: Floats (n, 10).
    """
    mean = probabilities.mean(axis=0, dtype=np.float64)
    known = mean[mean > 0]
    return float(np.exp(-(known * np.log(known)).sum()))
