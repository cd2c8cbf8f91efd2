"""Diversity: whether generated images differ from each other and cover the real data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gandoctor.measures.copying import copying
from gandoctor.measures.embedding import RandomConvEmbedding
from gandoctor.measures.images import within_bound

MAX_REALS = 1024
"""Reals a Reference keeps: bounds the cost of a probe."""
MAX_SIDE = 32
"""Larger images are averaged down to at most this before pixel distances are taken."""
NEIGHBOURS = 5
"""k of coverage."""
DUPLICATE_QUANTILE = 0.01
"""Two images closer than this quantile of the reals' nearest-neighbour distances count as duplicates."""


class Reference:
    """The real images that generated ones are compared with, and all of them that can be computed once.

    Args:
        reals: Floats in 0..1 of the data's range, (m, height, width, channels), m at least 8. The first 1024
            are kept; shuffle first.
        holdout: Likewise, real images that are not trained on; the first 1024 are kept. None where there are none.

    Attributes:
        count: Number of reals kept.
    """

    def __init__(self, reals: np.ndarray, holdout: np.ndarray | None = None) -> None:
        kept = np.asarray(reals[:MAX_REALS], dtype=np.float32)
        if len(kept) < NEIGHBOURS + 3:
            raise ValueError(f"A reference needs at least {NEIGHBOURS + 3} real images, got {len(kept)}.")
        self.count = len(kept)
        self._embedding = RandomConvEmbedding(kept)
        flat = flatten_pixels(kept)
        self._mean = flat.mean(axis=0)
        self._flat = flat - self._mean  # centred: squared norms stay small and lose less to rounding
        self._distances = RealDistances.of(
            squared_distances(self._flat, self._flat), cubic_kernel(self._embedding.real_features)
        )
        self._holdout_nearest: np.ndarray | None = None
        if holdout is not None and len(holdout):
            others = flatten_pixels(np.asarray(holdout[:MAX_REALS], dtype=np.float32)) - self._mean
            self._holdout_nearest = squared_distances(others, self._flat).min(axis=1)

    def statistics(self, fakes: np.ndarray) -> dict[str, float]:
        """See `diversity_statistics`."""
        x = np.asarray(fakes, dtype=np.float32)
        if len(x) < 2 or not np.isfinite(x).all():
            return {}
        x = within_bound(x)
        flat = flatten_pixels(x) - self._mean
        features = self._embedding(x)
        to_reals = squared_distances(flat, self._flat)
        found = self._distances.statistics(
            # float64: copies of one image must come out at distance 0
            among=squared_distances(flat.astype(np.float64), flat.astype(np.float64)),
            to_reals=to_reals,
            kernel_among=cubic_kernel(features),
            kernel_to_reals=cubic_kernel(features, self._embedding.real_features),
        )
        if self._holdout_nearest is not None:
            found["sample_copying"] = copying(to_reals.min(axis=1), self._holdout_nearest)
        return found


def diversity_statistics(fakes: np.ndarray, reference: Reference) -> dict[str, float]:
    """Measure how generated images differ from each other and how they cover the real ones.

    Distances are Euclidean in pixel space (of images averaged down to at most 32 pixels a side), values in
    0..1.

    Args:
        fakes: Floats, (n, height, width, channels), rescaled to 0..1 by the real data's range; n at least 2.
        reference: The real images.

    Returns:
        sample_nn_distance: Median distance of an image to its nearest other one in the batch.
        sample_duplicate_pairs: Pairs closer than tau, the 1 % quantile of the reals' nearest-neighbour
            distances. c pairs among n images speak for a support of about n^2 / 2c images (Arora and Zhang,
            Do GANs actually learn the distribution?, 2017: the birthday test).
        sample_pairwise_distance: Mean distance of two images.
        sample_coverage: Share of reals with a fake within their 5th-nearest-neighbour radius (Naeem et al.,
            2020), over its expectation for fakes drawn from the reals' distribution (`expected_coverage`).
            Not capped.
        sample_kid: Unbiased squared maximum mean discrepancy with the kernel (a.b/64 + 1)^3 (Binkowski et
            al., Demystifying MMD GANs, 2018) in the random convolutional embedding. May be slightly negative.
        sample_copying: Probability that an image lies nearer to the reals than a held-out real image does
            (`gandoctor.measures.copying`); left out where the reference holds no such images.

        Empty where a value is not finite.
    """
    return reference.statistics(fakes)


def expected_coverage(reals: int, fakes: int, k: int = NEIGHBOURS) -> float:
    """Return the expected coverage where both sets are drawn from one distribution.

    1 - prod_{j=1..k} (N - j) / (N + M - j): the chance that a fake is among the k nearest of the N + M - 1
    others.

    Args:
        reals: N, number of real images.
        fakes: M, number of generated ones.
        k: Neighbours that span the radius of a real.
    """
    j = np.arange(1, k + 1)
    return float(1.0 - np.prod((reals - j) / (reals + fakes - j)))


@dataclass(frozen=True)
class RealDistances:
    """What the statistics need to know of the reals alone.

    Attributes:
        duplicate_squared: tau squared.
        radii_squared: Float (m,): squared distance of every real to its 5th nearest other real.
        kernel_mean: Mean kernel of two different reals.
    """

    duplicate_squared: float
    radii_squared: np.ndarray
    kernel_mean: float

    @classmethod
    def of(cls, squared: np.ndarray, kernel: np.ndarray) -> RealDistances:
        """Build from the reals' matrices (m, m) of squared distances and of kernels."""
        others = squared.copy()
        np.fill_diagonal(others, np.inf)
        near = np.partition(others, (0, NEIGHBOURS - 1), axis=1)
        nearest = np.sqrt(near[:, 0])
        # The floor serves data with exact copies in it: rounding keeps them from being at distance 0.
        tau = max(float(np.quantile(nearest, DUPLICATE_QUANTILE)), 1e-3 * float(np.median(nearest)), 1e-6)
        return cls(tau**2, near[:, NEIGHBOURS - 1], mean_of_pairs(kernel))

    def statistics(
        self,
        among: np.ndarray,
        to_reals: np.ndarray,
        kernel_among: np.ndarray,
        kernel_to_reals: np.ndarray,
    ) -> dict[str, float]:
        """Compute all statistics from matrices (n, n) among fakes and (n, m) to the reals."""
        n, m = to_reals.shape
        pairs = among[np.triu_indices(n, 1)]
        others = among.copy()
        np.fill_diagonal(others, np.inf)
        covered = (to_reals.min(axis=0) < self.radii_squared).mean()
        return {
            "sample_nn_distance": float(np.median(np.sqrt(others.min(axis=1)))),
            "sample_duplicate_pairs": float((pairs <= self.duplicate_squared).sum()),
            "sample_pairwise_distance": float(np.sqrt(pairs).mean()),
            "sample_coverage": float(covered) / expected_coverage(m, n),
            "sample_kid": kernel_distance(kernel_among, kernel_to_reals, self.kernel_mean),
        }


def flatten_pixels(images: np.ndarray) -> np.ndarray:
    """Return (n, pixels) of images averaged down to at most 32 a side."""
    n, height, width, channels = images.shape
    down, right = -(-height // MAX_SIDE), -(-width // MAX_SIDE)
    if down > 1 or right > 1:
        rows, columns = height // down, width // right
        images = images[:, : rows * down, : columns * right]
        images = images.reshape(n, rows, down, columns, right, channels).mean(axis=(2, 4))
    return images.reshape(n, -1)


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return (len(a), len(b)) squared Euclidean distances by one matrix product."""
    squared = (a @ b.T) * -2.0
    squared += np.einsum("ij,ij->i", a, a)[:, None]
    squared += np.einsum("ij,ij->i", b, b)[None, :]
    np.maximum(squared, 0.0, out=squared)
    result: np.ndarray = squared
    return result


def cubic_kernel(a: np.ndarray, b: np.ndarray | None = None) -> np.ndarray:
    """Cubic polynomial kernel (a.b/d + 1)^3 of feature rows."""
    base = a @ (a if b is None else b).T
    base /= a.shape[1]
    base += 1.0
    kernel: np.ndarray = base * base * base
    return kernel


def kernel_distance(among: np.ndarray, to_reals: np.ndarray, real_mean: float) -> float:
    """Unbiased squared maximum mean discrepancy from kernels (n, n) among fakes and (n, m) to the reals.

    Args:
        among: Kernels of the fakes among each other.
        to_reals: Kernels of fakes and reals.
        real_mean: Mean kernel of two different reals.
    """
    return mean_of_pairs(among) + real_mean - 2.0 * float(to_reals.mean(dtype=np.float64))


def mean_of_pairs(kernel: np.ndarray) -> float:
    """Mean of a kernel matrix without its diagonal: what makes the estimate unbiased."""
    n = len(kernel)
    return float((kernel.sum(dtype=np.float64) - np.trace(kernel, dtype=np.float64)) / (n * (n - 1)))
