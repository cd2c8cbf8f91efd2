"""Copies among the samples of one step: of each other, and of real images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gandoctor.measures.diversity import MAX_REALS, RealDistances
from gandoctor.measures.pixels import LEVELS, pixel_rows, squared_distances

REPEATS_MIN = 3
"""Fewer samples that show the same image may do so by chance."""
NEAR_QUANTILE = 0.05
"""A sample nearer to a real image than this quantile of the reals' distances to one another may be a copy of it."""


@dataclass(frozen=True)
class Reals:
    """The real images that samples are compared with.

    Attributes:
        images: uint8 (m, height, width, channels).
    """

    images: np.ndarray

    @cached_property
    def _rows(self) -> np.ndarray:
        return pixel_rows(self.images[:MAX_REALS].astype(np.float32) / 255)

    @cached_property
    def _among(self) -> np.ndarray:
        return squared_distances(self._rows, self._rows)

    def repeats(self, fakes: np.ndarray) -> tuple[int, ...]:
        """Return the places of the images (n, height, width, channels), uint8, that at least two others repeat.

        Two are the same image where they are as near as `sample_duplicate_pairs` has it.
        """
        rows = pixel_rows(fakes.astype(np.float32) / 255)
        tau = RealDistances.of(self._among).duplicate
        same = np.sqrt(np.maximum(squared_distances(rows, rows), 0.0)) / LEVELS <= tau
        return tuple(int(i) for i in np.flatnonzero(same.sum(axis=1) >= REPEATS_MIN))

    def nearest(self, fakes: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
        """Return the real image nearest to each sample, and the places of the samples that may be copies of it."""
        squared = squared_distances(pixel_rows(fakes.astype(np.float32) / 255), self._rows)
        others = self._among.copy()
        np.fill_diagonal(others, np.inf)
        near = np.quantile(others.min(axis=1), NEAR_QUANTILE)
        suspected = np.flatnonzero(squared.min(axis=1) <= near)
        return self.images[squared.argmin(axis=1)], tuple(int(i) for i in suspected)


def reals_of(images: np.ndarray | None, like: np.ndarray | None) -> Reals | None:
    """Return real images that can be compared with samples of one shape; None where there are none, or too few."""
    if images is None or like is None or len(images) < 8 or images.shape[1:] != like.shape[1:]:
        return None
    return Reals(images)
