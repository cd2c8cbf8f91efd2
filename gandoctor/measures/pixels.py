"""Pixel space: images as rows of whole numbers, between which distances are exact.

Matrix products add their terms in an order that depends on the processor and the number of threads, and rounding
depends on the order. Copies would then come out at distance 0 on one machine and at 0.003 on another, and whether two
distances are equal would be chance. Sums of whole numbers below 2^53 are exact in float64 in any order.
"""

from __future__ import annotations

import numpy as np

MAX_SIDE = 32
"""Larger images are averaged down to at most this before pixel distances are taken."""
LEVELS = 255 * 256
"""Steps that the data's range is divided into. Every 8-bit level is one of them, however the data were scaled."""
FINE_BOUND = 16.0
"""Up to this magnitude, squares at `LEVELS` summed over 32 x 32 pixels of 4 channels stay below 2^52."""
COARSER = 64
"""A batch with values beyond `FINE_BOUND` is rounded to so many steps: exact again up to `images.BOUND`."""


def averaged_down(images: np.ndarray) -> np.ndarray:
    """Return (n, pixels) of images (n, height, width, channels) averaged down to at most 32 pixels a side."""
    n, height, width, channels = images.shape
    down, right = -(-height // MAX_SIDE), -(-width // MAX_SIDE)
    if down > 1 or right > 1:
        rows, columns = height // down, width // right
        images = images[:, : rows * down, : columns * right]
        images = images.reshape(n, rows, down, columns, right, channels).mean(axis=(2, 4))
    return images.reshape(n, -1)


def pixel_rows(images: np.ndarray) -> np.ndarray:
    """Return images as rows of whole numbers.

    Args:
        images: Finite floats, (n, height, width, channels), 0..1 in the data's range; values may lie outside, up to
            `images.BOUND`.

    Returns:
        Float64 (n, pixels), averaged down to at most 32 pixels a side, in units of 1/65280 of the range (`LEVELS`).
    """
    flat = averaged_down(np.asarray(images)).astype(np.float64)
    step = 1 if not flat.size or max(-flat.min(), flat.max()) <= FINE_BOUND else COARSER
    flat *= LEVELS / step
    np.rint(flat, out=flat)
    flat *= step
    rows: np.ndarray = flat
    return rows


def squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared Euclidean distances (len(a), len(b)) of `pixel_rows`, in squares of their unit.

    They are whole numbers: equal distances come out equal, and copies at 0, on every machine.
    """
    squared = (a @ b.T) * -2.0
    squared += np.einsum("ij,ij->i", a, a)[:, None]
    squared += np.einsum("ij,ij->i", b, b)[None, :]
    result: np.ndarray = squared
    return result


def nearest(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return the index of the centre nearest to each row, both as `pixel_rows`: the first of several equally near."""
    found: np.ndarray = squared_distances(rows, centres).argmin(axis=1)
    return found
