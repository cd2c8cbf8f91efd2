"""Samples that are no images, in characters: each column's mean and spread, or a series of each channel."""

from __future__ import annotations

from rich.text import Text

from gandoctor.diagnosis.reference import Columns
from gandoctor.watch.lines import number
from gandoctor.watch.spark import spark

_LABEL_WIDTH = 10


def draw_columns(columns: Columns, width: int, rows: int, ascii_only: bool) -> Text:
    """Draw the real data above the samples, column by column, as many columns as fit.

    Of vectors that is mean ± standard deviation; of series the first one, both on one scale.

    Args:
        columns: Samples beside the real data.
        width: Of the space in characters.
        rows: Height of the space in lines; a column takes two.
        ascii_only: Use characters every terminal has.
    """
    if width < 1 or rows < 1:
        return Text()
    total = columns.reals.shape[-1]
    shown = total if 2 * total <= rows else max(0, (rows - 1) // 2)
    lines = []
    for index in range(shown):
        texts = _series(columns, index, width, ascii_only) if columns.reals.ndim == 3 else _spread(columns, index)
        names = (f"{index + 1:>3} real", "    fake")
        lines += [f"{name:<{_LABEL_WIDTH}}{text}"[:width] for name, text in zip(names, texts, strict=True)]
    if shown < total:
        lines.append(f"and {total - shown} more"[:width])
    return Text("\n".join(lines))


def _spread(columns: Columns, index: int) -> list[str]:
    return [
        f"{number(float(mean))} +- {number(float(deviation))}"
        for mean, deviation, *_ in (columns.of_reals[index], columns.of_fakes[index])
    ]


def _series(columns: Columns, index: int, width: int, ascii_only: bool) -> list[str]:
    pair = [values[0, :, index] for values in (columns.reals, columns.fakes)]
    low, high = (float(limit) for limit in (min(p.min() for p in pair), max(p.max() for p in pair)))
    return [spark(line, width - _LABEL_WIDTH, low, high, ascii_only) for line in pair]
