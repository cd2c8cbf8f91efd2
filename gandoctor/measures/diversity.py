"""Diversity: whether generated images differ from each other and cover the real data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gandoctor.measures.copying import copying
from gandoctor.measures.embedding import RandomConvEmbedding
from gandoctor.measures.images import within_bound
from gandoctor.measures.kernel_distance import KernelDistance, Standardisation
from gandoctor.measures.pixels import LEVELS, pixel_rows, squared_distances

MAX_REALS = 1024
"""Reals a Reference keeps: bounds the cost of a probe."""
NEIGHBOURS = 5
"""k of coverage."""
DUPLICATE_QUANTILE = 0.01
"""Two images closer than this quantile of the reals' nearest-neighbour distances count as duplicates."""
DUPLICATE_SHARE = 0.3
"""But no farther apart than this share of the root mean squared distance of two reals. Where data are mostly noise, all
reals are about equally far apart, and a sound generator of fewer dimensions comes nearer. Digits: the quantile is 0.23
of it and less; noisy series 0.6."""


class Reference:
    """The real images that generated ones are compared with, and all of them that can be computed once.

    Args:
        reals: Floats in 0..1 of the data's range, (m, height, width, channels), m at least 8. The first 1024
            are kept; shuffle first.
        holdout: Likewise, real images that are not trained on; the first 1024 are kept. None where there are none.
        embedding: Features (n, d) of finite images, in which the kernel distance is taken; None for the random
            convolutional embedding, which takes images of 8 pixels a side and more.

    Attributes:
        count: Number of reals kept.
    """

    def __init__(
        self,
        reals: np.ndarray,
        holdout: np.ndarray | None = None,
        embedding: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        kept = np.asarray(reals[:MAX_REALS], dtype=np.float32)
        if len(kept) < NEIGHBOURS + 3:
            raise ValueError(f"A reference needs at least {NEIGHBOURS + 3} real images, got {len(kept)}.")
        self.count = len(kept)
        self._embedding = embedding or RandomConvEmbedding(kept.shape[1:])
        features = self._embedding(kept)
        self._standardised = Standardisation(features)
        self._kernel_distance = KernelDistance(self._standardised(features))
        self._pixels = pixel_rows(kept)
        self._distances = RealDistances.of(squared_distances(self._pixels, self._pixels))
        self._holdout_nearest: np.ndarray | None = None
        if holdout is not None and len(holdout):
            others = pixel_rows(np.asarray(holdout[:MAX_REALS], dtype=np.float32))
            self._holdout_nearest = squared_distances(others, self._pixels).min(axis=1)

    def statistics(self, fakes: np.ndarray) -> dict[str, float]:
        """See `diversity_statistics`."""
        x = np.asarray(fakes, dtype=np.float32)
        if len(x) < 2 or not np.isfinite(x).all():
            return {}
        x = within_bound(x)
        pixels = pixel_rows(x)
        to_reals = squared_distances(pixels, self._pixels)
        found = self._distances.statistics(squared_distances(pixels, pixels), to_reals)
        found["sample_kid"] = self._kernel_distance(self._standardised(self._embedding(x)))
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
            distances, but no more than 0.3 of their usual distance. c pairs among n images speak for a support of
            about n^2 / 2c images (Arora and Zhang, Do GANs actually learn the distribution?, 2017: the birthday test).
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
    """What the statistics need to know of the distances among the reals.

    Attributes:
        duplicate: tau, in the data's range.
        radii_squared: Float (m,): `squared_distances` of every real to its 5th nearest other real.
    """

    duplicate: float
    radii_squared: np.ndarray

    @classmethod
    def of(cls, squared: np.ndarray) -> RealDistances:
        """Build from the reals' matrix (m, m) of `squared_distances`."""
        others = squared.copy()
        np.fill_diagonal(others, np.inf)
        near = np.partition(others, (0, NEIGHBOURS - 1), axis=1)
        nearest = np.sqrt(near[:, 0]) / LEVELS
        # The floor serves data with exact copies in it, which are at distance 0: near copies are copies there too.
        tau = max(float(np.quantile(nearest, DUPLICATE_QUANTILE)), 1e-3 * float(np.median(nearest)), 1e-6)
        usual = float(np.sqrt(squared.mean())) / LEVELS
        return cls(min(tau, max(DUPLICATE_SHARE * usual, 1e-6)), near[:, NEIGHBOURS - 1])

    def statistics(self, among: np.ndarray, to_reals: np.ndarray) -> dict[str, float]:
        """Compute the statistics of `squared_distances` (n, n) among fakes and (n, m) to the reals."""
        n, m = to_reals.shape
        pairs = np.sqrt(among[np.triu_indices(n, 1)]) / LEVELS
        others = among.copy()
        np.fill_diagonal(others, np.inf)
        # At the radius is within it: where data hold exact copies, radii are 0.
        covered = (to_reals.min(axis=0) <= self.radii_squared).mean()
        return {
            "sample_nn_distance": float(np.median(np.sqrt(others.min(axis=1)))) / LEVELS,
            "sample_duplicate_pairs": float((pairs <= self.duplicate).sum()),
            "sample_pairwise_distance": float(pairs.mean()),
            "sample_coverage": float(covered) / expected_coverage(m, n),
        }
