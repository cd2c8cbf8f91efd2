"""Text measured and wrapped by the cells that a terminal gives it: a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata

_WIDE = "\u2e80-\u303f\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_OPENING, _CLOSING = "（【《「『“‘", "，。；：、！？）】》」』”’"
"""Marks that end no line, and marks that begin none."""
_WORD = rf"(?:(?![{_OPENING}])[{_WIDE}]|[^\s{_WIDE}]+)"
_PIECES = re.compile(rf"\s+|[{_OPENING}]*{_WORD}[{_CLOSING}]*|[{_OPENING}]+")


def cells(text: str) -> int:
    """Return the width of a text in a terminal."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(sign) for sign in text)


def _cells_of(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` cells; see `lines_in`."""
    return [text[first:end] for first, end in lines_in(text, width)]


def lines_in(text: str, width: int) -> list[tuple[int, int]]:
    """Return where each line of a text begins and ends, at most `width` cells apart, without the spaces between.

    Lines end at spaces and between Chinese characters; what is longer than a line is cut. Newlines are kept.
    """
    width = max(2, width)
    lines: list[tuple[int, int]] = []
    first, end, used = 0, 0, 0
    for found in _PIECES.finditer(text):
        piece = found[0]
        if piece.isspace():
            for _ in range(piece.count("\n")):
                lines.append((first, end))
                first, end, used = found.end(), found.end(), 0
            continue
        gap = cells(text[end : found.start()])
        if end > first and used + gap + cells(piece) > width:
            lines.append((first, end))
            first = end = found.start()
            used = gap = 0
        if end == first and not lines:
            first, used, gap = 0, gap, 0  # the spaces before the first word are its indentation
        used += gap
        for at, sign in enumerate(piece, start=found.start()):
            if used + _cells_of(sign) > width and at > first:
                lines.append((first, at))
                first, used = at, 0
            used += _cells_of(sign)
        end = found.end()
    return [*lines, (first, end)]
