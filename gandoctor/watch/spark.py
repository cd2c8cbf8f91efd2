"""A curve in one line or a few of block characters, over the steps it was recorded at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII_BLOCKS = "_.-=+*#@"
NOT_FINITE = "!"
DECADES = 100.0
"""Values that are all positive and span this ratio are drawn on a logarithmic scale."""


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
    (line,) = _bars(levels, Scale(bottom, top), 1, ascii_only)
    return line


@dataclass(frozen=True)
class Axis:
    """The steps that every curve of a view is drawn over: the first, the last, and the characters between them."""

    first: int
    last: int
    width: int

    def column(self, steps: np.ndarray | int) -> np.ndarray:
        """Return the columns that steps fall into, 0 to width - 1."""
        span = max(1, self.last - self.first + 1)
        at = (np.asarray(steps) - self.first) * self.width // span
        columns: np.ndarray = np.clip(at, 0, max(0, self.width - 1))
        return columns


@dataclass(frozen=True)
class Scale:
    """The values from the bottom of a curve's space to its top."""

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return how high a value lies, 0 to 1; of a scale without an extent the middle."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = (float(np.log(max(v, self.low))) for v in (low, high, value))
        if high - low <= 1e-9 * max(1.0, abs(high)):
            return 0.49
        return float(min(1.0, max(0.0, (value - low) / (high - low))))


def scale_of(levels: np.ndarray, target: float | None = None, fixed: tuple[float, float] | None = None) -> Scale:
    """Return the scale that shows all finite levels and the target.

    Args:
        levels: What is drawn; may hold NaN.
        target: A value that is to be seen besides.
        fixed: The scale where it is known, such as that of a probability.
    """
    drawn = levels[np.isfinite(levels)]
    if fixed is not None or not len(drawn):
        return Scale(*(fixed or (0.0, 1.0)))
    seen = drawn if target is None else np.append(drawn, target)
    low, high = float(seen.min()), float(seen.max())
    return Scale(low, high, is_log=low > 0 and high / low >= DECADES)


def over_steps(steps: np.ndarray, values: np.ndarray, axis: Axis) -> np.ndarray:
    """Return the level of each column of an axis: the mean of its values; without one, that of the column before.

    Args:
        steps: (n,), ascending.
        values: (n,), at these steps.
        axis: The axis.

    Returns:
        (width,): NaN where a value is not finite, -inf before the first value.
    """
    span = max(1, axis.last - axis.first + 1)
    starts = np.searchsorted(steps, axis.first + -(-np.arange(axis.width) * span // axis.width))
    filled = np.flatnonzero(np.diff(starts, append=len(steps)))
    if not len(filled):
        return np.full(axis.width, -np.inf)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.add.reduceat(np.asarray(values, np.float64), starts[filled])
    means = sums / np.diff(starts[filled], append=len(steps))
    means[~np.isfinite(means)] = np.nan
    latest = np.searchsorted(filled, np.arange(axis.width), side="right") - 1
    levels: np.ndarray = np.where(latest >= 0, means[latest], -np.inf)
    return levels


def bars(levels: np.ndarray, scale: Scale, rows: int, target: float | None, ascii_only: bool) -> list[str]:
    """Draw levels as bars that are some rows high, with a line at the target where no bar covers it.

    Args:
        levels: As `over_steps` returns them.
        scale: Values from the bottom to the top.
        rows: Height in lines, at least 1.
        target: Value of the line; None for no line. A single row has none: it could not be told from a bar.
        ascii_only: Use characters every terminal has.
    """
    lines = _bars(levels, scale, rows, ascii_only)
    if target is None or rows < 2:
        return lines
    row = row_of(target, scale, rows)
    lines[row] = lines[row].replace(" ", "-" if ascii_only else "╌")
    return lines


def row_of(value: float, scale: Scale, rows: int) -> int:
    """Return the line in which a value lies, 0 at the top."""
    return min(rows - 1, int(rows * (1 - scale.share(value))))


def _bars(levels: np.ndarray, scale: Scale, rows: int, ascii_only: bool) -> list[str]:
    blocks = ASCII_BLOCKS if ascii_only else BLOCKS
    top = rows * len(blocks) - (rows > 1)  # a gap to the row above
    lines = [""] * rows
    for level in levels:
        if np.isnan(level):
            column = NOT_FINITE * rows
        elif level == -np.inf:
            column = " " * rows
        else:
            eighths = min(top - 1, int(scale.share(float(level)) * top)) + 1
            full, rest = divmod(eighths, len(blocks))
            column = (" " * rows + (blocks[rest - 1] if rest else "") + blocks[-1] * full)[-rows:]
        for row in range(rows):
            lines[row] += column[row]
    return lines
