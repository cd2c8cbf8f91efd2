"""Energy distance: how far two samples are from each other, without a feature space."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist, pdist

REALS_MAX = 256
"""Real rows that distances are taken to: their number goes with the cost, and little with the result."""


class EnergyDistance:
    """The energy distance from real data, in mean distances among them.

    Nothing is divided where all of them are alike.

    Args:
        reals: Finite floats (m, ...), m at least 2. The first 256 count.

    Source: Székely and Rizzo, Energy statistics, 2013.
    """

    def __init__(self, reals: np.ndarray) -> None:
        self._reals = _rows(reals[:REALS_MAX])
        self._within = float(pdist(self._reals).mean())

    def __call__(self, samples: np.ndarray) -> float:
        """Return the distance of samples (n, ...), n at least 2.

        It is about 0 for samples of the same distribution, up to a few hundredths below or above for 64 of them; 0.4
        and more where all samples are one point in the middle of the data.
        """
        rows = _rows(samples)
        distance = 2.0 * float(cdist(rows, self._reals).mean()) - float(pdist(rows).mean()) - self._within
        return distance / self._within if self._within > 0 else distance


def _rows(data: np.ndarray) -> np.ndarray:
    return np.asarray(data, np.float64).reshape(len(data), -1)
