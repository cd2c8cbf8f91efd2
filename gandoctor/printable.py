"""Text from a run directory made safe to show: nothing in it steers a terminal, reorders a line or is endless."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control and format characters (those that reorder text among them), lone surrogates, line and paragraph ends."""


def printable(text: object, limit: int | None = None) -> str:
    """Return text with every unprintable character replaced by "�"; newlines and tabs stay.

    Args:
        text: Anything that has a text.
        limit: Characters at most, the last one an ellipsis where something was cut off; None for no limit.
    """
    whole = str(text)
    shown = whole if limit is None or len(whole) <= limit else whole[: limit - 1] + ELLIPSIS
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def _shown(sign: str) -> str:
    return "�" if sign not in "\n\t" and unicodedata.category(sign) in _UNPRINTABLE else sign
