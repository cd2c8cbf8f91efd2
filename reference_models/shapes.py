"""Coloured shapes: a generated data set of RGB images that needs no download."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SIDE = 32

Field = NDArray[np.float32]


def _disc(x: Field, y: Field) -> Field:
    return np.hypot(x, y) - 1


def _square(x: Field, y: Field) -> Field:
    return np.maximum(np.abs(x), np.abs(y)) - np.float32(0.8)


def _triangle(x: Field, y: Field) -> Field:
    return np.maximum(np.abs(x) * np.float32(0.87) + y / 2, -y) - np.float32(0.5)


def _ring(x: Field, y: Field) -> Field:
    return np.abs(np.hypot(x, y) - np.float32(0.75)) - np.float32(0.25)


KINDS: tuple[Callable[[Field, Field], Field], ...] = (_disc, _square, _triangle, _ring)
"""Signed distance of points from each shape's edge, negative inside, in units of its radius."""


def coloured_shapes(count: int = 5000, seed: int = 0) -> NDArray[np.uint8]:
    """Draw a disc, square, triangle or ring per image, of random bright colour, place and size on a dark background.

    Args:
        count: Number of images. The kinds of shape appear equally often, within one image.
        seed: The same seed gives the same images.

    Returns:
        (count, 32, 32, 3), uint8 on 0..255.
    """
    return labelled_shapes(count, seed)[0]


def labelled_shapes(count: int = 5000, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw the images of `coloured_shapes`, and return them with the index in KINDS of each, (count,)."""
    rng = np.random.default_rng(seed)
    each = [len(range(k, count, len(KINDS))) for k in range(len(KINDS))]
    images = np.concatenate([_drawn(kind, number, rng) for kind, number in zip(KINDS, each, strict=True)])
    order = rng.permutation(count)
    return images[order], np.repeat(np.arange(len(KINDS)), each)[order]


def _drawn(kind: Callable[[Field, Field], Field], count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    radius = rng.uniform(6, 11, (count, 1, 1)).astype(np.float32)
    centre_x, centre_y = rng.uniform(13, 18, (2, count, 1, 1)).astype(np.float32)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    pixels_outside = kind((x - centre_x) / radius, (y - centre_y) / radius) * radius
    inside = np.clip(0.5 - pixels_outside, 0, 1)[..., None]  # an edge fades over one pixel, so it is not jagged
    ground = rng.uniform(0, 0.15, (count, 1, 1, 1)).astype(np.float32)
    images = ground + inside * (_bright_colours(count, rng)[:, None, None, :] - ground)
    rounded: NDArray[np.uint8] = np.round(images * 255).astype(np.uint8)
    return rounded


def _bright_colours(count: int, rng: np.random.Generator) -> Field:
    """Return (count, 3) colours on [0, 1] with random hue and high saturation (HSV with V = 1)."""
    hue, saturation = rng.uniform(0, 6, (count, 1)), rng.uniform(0.6, 1, (count, 1))
    share = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    colours: Field = (1 - saturation * (1 - share)).astype(np.float32)
    return colours
