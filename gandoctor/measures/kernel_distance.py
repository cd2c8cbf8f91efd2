"""The kernel distance: how far generated images are from real ones in a space of features."""

from __future__ import annotations

import numpy as np

LEAST_SPREAD = 1e-6
"""A feature whose standard deviation among the reals is no larger does not vary and is not scaled."""


class Standardisation:
    """Brings features to mean 0 and variance 1 among real images.

    Args:
        real_features: Floats (m, d).
    """

    def __init__(self, real_features: np.ndarray) -> None:
        # float64 from here on: a kernel distance is a small difference of large sums.
        raw = np.asarray(real_features, dtype=np.float64)
        spread = raw.std(axis=0)
        self._mean, self._scale = raw.mean(axis=0), np.where(spread > LEAST_SPREAD, spread, 1.0)

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Return features (n, d), standardised, as float64."""
        standardised: np.ndarray = (features - self._mean) / self._scale
        return standardised


class KernelDistance:
    """Unbiased squared maximum mean discrepancy to real images with the kernel (a.b/d + 1)^3.

    From Binkowski et al., Demystifying MMD GANs, 2018.

    Args:
        reals: Standardised features, float64 (m, d), m at least 2.
    """

    def __init__(self, reals: np.ndarray) -> None:
        self._reals = reals
        self._among_reals = _mean_of_pairs(_cubic_kernel(reals, reals))

    def __call__(self, fakes: np.ndarray) -> float:
        """Return the distance of standardised features (n, d), n at least 2. It may be slightly negative."""
        across = float(_cubic_kernel(fakes, self._reals).mean())
        return _mean_of_pairs(_cubic_kernel(fakes, fakes)) + self._among_reals - 2.0 * across


def _cubic_kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    base = a @ b.T
    base /= a.shape[1]
    base += 1.0
    kernel: np.ndarray = base * base * base
    return kernel


def _mean_of_pairs(kernel: np.ndarray) -> float:
    """Mean of a kernel matrix without its diagonal: what makes the estimate unbiased."""
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))
