"""Pixel rows: distances against Python's whole numbers, whatever order and precision a matrix product works in."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.measures.images import BOUND
from gandoctor.measures.pixels import LEVELS, averaged_down, nearest, pixel_rows, squared_distances


def images(shape: tuple[int, ...], low: float = 0.0, high: float = 1.0, n: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(low, high, (n, *shape)).astype(np.float32)


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 4), (70, 33, 3)])
@pytest.mark.parametrize("bound", [1.0, 16.0, BOUND])
def test_distances_are_those_of_whole_numbers(shape: tuple[int, ...], bound: float) -> None:
    """Exact up to the largest values that are measured: black and white images of four channels among them."""
    fakes = np.concatenate([images(shape, -bound, bound), np.full((1, *shape), bound), np.full((1, *shape), -bound)])
    a, b = pixel_rows(fakes), pixel_rows(images(shape))
    for one, other in ((a, a), (a, b), (b, b)):
        x, y = ([[int(value) for value in row] for row in rows] for rows in (one, other))
        exact = [[sum((p - q) ** 2 for p, q in zip(i, j, strict=True)) for j in y] for i in x]
        measured = squared_distances(one, other)
        rounded = np.array(exact, dtype=np.float64)
        assert np.array_equal(measured == 0, rounded == 0)
        np.testing.assert_allclose(measured, rounded, rtol=3e-16)
        order = np.random.default_rng(1).permutation(one.shape[1])
        assert np.array_equal(squared_distances(one[:, order], other[:, order]), measured)


def test_8_bit_levels_are_the_same_however_they_were_scaled() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    stored = levels.astype(np.float32) / 255
    signed = ((levels.astype(np.float32) - 127.5) / 127.5 + 1) / np.float32(2)
    assert not np.array_equal(stored, signed)
    assert np.array_equal(pixel_rows(stored), pixel_rows(signed))
    assert np.array_equal(pixel_rows(stored)[0], 256 * np.arange(256))


def test_rounding_is_to_the_nearest_step() -> None:
    x = images((9, 11, 3), -2, 2)
    assert np.abs(pixel_rows(x) / LEVELS - x.reshape(3, -1)).max() <= 0.5 / LEVELS


def test_large_images_are_averaged_down() -> None:
    x = images((100, 64, 1))
    expected = x[:, :100, :64].reshape(3, 25, 4, 32, 2, 1).mean(axis=(2, 4)).reshape(3, -1)
    np.testing.assert_allclose(averaged_down(x), expected, rtol=1e-6)


def test_the_first_of_equally_near_centres() -> None:
    rows = pixel_rows(images((8, 8, 1)))
    assert nearest(rows, rows).tolist() == [0, 1, 2]
    assert nearest(rows, rows[[1, 1, 0, 0]])[:2].tolist() == [2, 0]
