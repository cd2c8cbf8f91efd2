"""The oracle's metrics of images and of a classifier's predictions; no code is shared with the detectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

NEIGHBOURS = 5
SURE = 0.9
"""A classifier is sure of an image if one class has at least this probability."""


def kernel_distance(fakes: Floats, reals: Floats) -> float:
    """Return the unbiased squared MMD of two feature sets, (n, d) and (m, d), with the kernel (a.b/d + 1)^3 (KID)."""

    def kernel(a: Floats, b: Floats) -> Floats:
        return np.asarray((a @ b.T / a.shape[1] + 1.0) ** 3, dtype=np.float64)

    def within(a: Floats) -> float:
        values = kernel(a, a)
        return float((values.sum() - np.trace(values)) / (len(a) * (len(a) - 1)))

    fakes, reals = fakes.astype(np.float64), reals.astype(np.float64)
    return within(fakes) + within(reals) - 2 * float(kernel(fakes, reals).mean())


def coverage(fakes: Floats, reals: Floats, neighbours: int = NEIGHBOURS) -> float:
    """Return the share of reals with a fake nearer than their k-th real neighbour, relative to its expected value.

    After Naeem et al. (2020), with as many fakes as reals; further fakes are ignored. The result therefore does not
    depend on the number of fakes.
    """
    m = len(reals)
    radius = np.sort(_distances_to_others(reals), axis=1)[:, neighbours - 1]
    nearest = _distances(reals, fakes[:m]).min(axis=1)
    j = np.arange(1, neighbours + 1)
    expected = 1 - np.prod((m - j) / (2 * m - j))
    return float((nearest < radius).mean() / expected)


def perplexity(probabilities: Floats) -> float:
    """Return exp of the entropy of the mean of the predictions (n, classes): the effective number of classes."""
    mean = probabilities.astype(np.float64).mean(axis=0)
    mean = mean[mean > 0]
    return float(np.exp(-(mean * np.log(mean)).sum()))


def sure_share(probabilities: Floats) -> float:
    """Return the share of images that the classifier is sure of."""
    return float((probabilities.max(axis=1) >= SURE).mean())


def distinct_share(fakes: Floats, reals: Floats) -> float:
    """Return the share of images (n, pixels) that have no near copy among the others.

    Images are near copies if they are closer than 99 % of the reals are to their nearest different real.
    """
    nearest = _distances_to_others(np.unique(reals, axis=0)).min(axis=1)
    own = _distances_to_others(fakes).min(axis=1)
    return float((own > np.quantile(nearest, 0.01)).mean())


def wavelet_noise(images: Floats) -> float:
    """Return the noise's standard deviation, averaged over images: median |diagonal Haar detail| / 0.6745.

    After Donoho and Johnstone (1994). It is 0 for images with a clean, flat background.
    """
    diagonal = _haar(images)[3]
    return float(np.median(np.abs(diagonal).reshape(len(images), -1), axis=1).mean() / 0.6745)


def fine_detail(images: Floats) -> float:
    """Return the share of the images' variance in the finest Haar details; it is 0.75 for white noise."""
    coarse, *details = _haar(images)
    energy = sum(float((d**2).sum()) for d in details)
    coarse = coarse - coarse.mean(axis=(1, 2), keepdims=True)
    whole = energy + float((coarse**2).sum())
    return energy / whole if whole > 0 else 0.0


def spread(images: Floats) -> float:
    """Return the standard deviation across images, averaged over pixels."""
    return float(images.std(axis=0).mean())


def _distances(a: Floats, b: Floats) -> Floats:
    a, b = a.astype(np.float64), b.astype(np.float64)
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def _distances_to_others(a: Floats) -> Floats:
    among = _distances(a, a)
    np.fill_diagonal(among, np.inf)
    return among


def _haar(images: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return one level of the orthonormal Haar transform of (n, h, w, c): coarse, two edges, diagonal."""
    a, b = images[:, 0::2, 0::2], images[:, 0::2, 1::2]
    c, d = images[:, 1::2, 0::2], images[:, 1::2, 1::2]
    return (a + b + c + d) / 2, (a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2
