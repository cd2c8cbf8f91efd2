"""A fixed random convolutional embedding: features that see noise, blur and grids in any kind of image.

Random features are a sound choice where no network trained on like images is at hand (Naeem et al., Reliable
Fidelity and Diversity Metrics for Generative Models, 2020). They do not know what a digit is: a missing digit
escapes them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

SEED = 20170329
FEATURES = 64
LEAST_SIDE = 8
"""Pixels that an image has at least on each side."""
_FILTERS = (8, 24)
_SLOPE = 0.2
_GRID = 4


class RandomConvEmbedding:
    """Two convolutions with LeakyReLU and average pooling, then 64 orthogonal projections.

    The weights depend on the number of channels only: the same in every process, run and version.

    Args:
        shape: (height, width, channels) of the images, height and width at least `LEAST_SIDE`.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        height, width, channels = shape
        *self._kernels, self._projection = _weights(channels)
        # The first pooling brings every size to about 14 pixels, so that the second convolution costs the
        # same.
        self._pool = (max(1, (height - 2) // 13), max(1, (width - 2) // 13))

    def __call__(self, images: np.ndarray, chunk: int = 256) -> np.ndarray:
        """Embed finite images (n, height, width, channels) as float32 (n, 64).

        In chunks: the patch matrices of a thousand images need not be in memory at once.
        """
        return np.concatenate([self._chunk(images[i : i + chunk]) for i in range(0, len(images), chunk)])

    def _chunk(self, images: np.ndarray) -> np.ndarray:
        x = _convolve(np.ascontiguousarray(images, dtype=np.float32), self._kernels[0])
        x = _pool(x, *self._pool)
        x = _convolve(x, self._kernels[1])
        x = _pool_to_grid(x)
        features: np.ndarray = x.reshape(len(x), -1) @ self._projection
        return features


@cache
def _weights(channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The kernels of the two convolutions and the projection, in the order in which they are drawn."""
    rng = np.random.default_rng(SEED)
    return (
        _orthogonal(rng, 9 * channels, _FILTERS[0]),
        _orthogonal(rng, 9 * _FILTERS[0], _FILTERS[1]),
        _orthogonal(rng, _GRID * _GRID * _FILTERS[1], FEATURES),
    )


def _orthogonal(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Random matrix (rows, columns) with orthonormal columns (or rows, where there are fewer of them)."""
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    matrix: np.ndarray = np.ascontiguousarray(q if rows >= columns else q.T, dtype=np.float32)
    return matrix


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """3x3 convolution without padding, then LeakyReLU: (n, h, w, c) -> (n, h - 2, w - 2, filters)."""
    n, height, width, channels = x.shape
    patches = np.concatenate([x[:, i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3)], axis=-1)
    out = patches.reshape(-1, 9 * channels) @ kernel
    np.maximum(out, _SLOPE * out, out=out)
    rectified: np.ndarray = out.reshape(n, height - 2, width - 2, -1)
    return rectified


def _pool(x: np.ndarray, down: int, right: int) -> np.ndarray:
    """Average over windows of down x right; a remainder at the edge is left out."""
    n, height, width, channels = x.shape
    rows, columns = height // down, width // right
    blocks = x[:, : rows * down, : columns * right].reshape(n, rows, down, columns, right, channels)
    pooled: np.ndarray = blocks.mean(axis=(2, 4))
    return pooled


def _pool_to_grid(x: np.ndarray) -> np.ndarray:
    """Average over a 4x4 grid of nearly equal cells; cells overlap where the map is smaller than the grid."""
    rows, columns = _cells(x.shape[1]), _cells(x.shape[2])
    pooled: np.ndarray = np.einsum("nhwc,hi,wj->nijc", x, rows, columns, optimize=True)
    return pooled


def _cells(size: int) -> np.ndarray:
    """Averaging matrix (size, 4): the column of a cell holds 1/length over the positions it spans."""
    weights = np.zeros((size, _GRID), dtype=np.float32)
    for cell in range(_GRID):
        start, end = cell * size // _GRID, -(-(cell + 1) * size // _GRID)
        weights[start:end, cell] = 1.0 / (end - start)
    return weights
