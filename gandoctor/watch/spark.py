"""A curve in one line of block characters."""

from __future__ import annotations

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*#@"
NOT_FINITE = "!"


def spark(
    values: np.ndarray,
    width: int,
    low: float | None = None,
    high: float | None = None,
    ascii_only: bool = False,
) -> str:
    """Draw a series as a line of characters, oldest left; longer series are averaged in equal pieces.

    Args:
        values: (n,) in order of step; NaN and infinities are drawn as "!".
        width: Characters to use at most.
        low: Value of the lowest block; default: the lowest drawn value.
        high: Value of the highest block; default: the highest drawn value.
        ascii_only: Use characters every terminal has.
    """
    values = np.asarray(values, dtype=np.float64)
    if not len(values) or width < 1:
        return ""
    pieces = np.array_split(values, min(width, len(values)))
    finite = [np.isfinite(piece).all() for piece in pieces]
    levels = np.array([piece.mean() if good else np.nan for piece, good in zip(pieces, finite, strict=True)])
    drawn = levels[np.isfinite(levels)]
    if not len(drawn):
        return NOT_FINITE * len(pieces)
    bottom = float(drawn.min()) if low is None else low
    top = float(drawn.max()) if high is None else high
    blocks = ASCII_BLOCKS if ascii_only else BLOCKS
    return "".join(_block(level, bottom, top, blocks) for level in levels)


def _block(level: float, bottom: float, top: float, blocks: str) -> str:
    if not np.isfinite(level):
        return NOT_FINITE
    if top - bottom <= 1e-9 * max(1.0, abs(top)):
        return blocks[len(blocks) // 2 - 1]
    share = min(1.0, max(0.0, (level - bottom) / (top - bottom)))
    return blocks[min(len(blocks) - 1, int(share * len(blocks)))]
