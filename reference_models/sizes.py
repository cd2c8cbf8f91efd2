"""Sizes of the reference networks, in whatever framework."""

from __future__ import annotations

MIN_CHANNELS = 4

Shape = tuple[int, int, int]
"""Height, width and channels of an image; height and width must be divisible by 4."""


def channels(published: int, width: float) -> int:
    """Return the article's number of channels times `width`, but at least four."""
    return max(MIN_CHANNELS, round(published * width))
