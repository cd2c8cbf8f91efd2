"""Text made fit to show: nothing in it steers a terminal, reorders a line or is endless; numbers as they are typed."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_UNPRINTABLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Control and format characters (those that reorder text among them), lone surrogates, line and paragraph ends."""
_EXPONENT = re.compile(r"(?<=\de)\+?(-?)0*(?=\d)")


def printable(text: object, limit: int | None = None) -> str:
    """Return text with every unprintable character replaced by "�"; newlines and tabs stay.

    Args:
        text: Anything that has a text.
        limit: Characters at most, the last one an ellipsis where something was cut off; None for no limit.
    """
    whole = str(text)
    shown = whole if limit is None or len(whole) <= limit else whole[: limit - 1] + ELLIPSIS
    return shown if shown.isprintable() else "".join(map(_shown, shown))


def short_exponent(number: str) -> str:
    """Return a formatted number with its power of ten as it is typed: 1e-7 for "1e-07", 3e5 for "3e+05"."""
    return _EXPONENT.sub(r"\1", number)


def as_typed(value: float, digits: int = 6) -> str:
    """Return a number as people type it in code, with so many significant digits: 4e-4, 0.5, 1e6."""
    if value and abs(value) < 0.01:
        mantissa, _, exponent = f"{value:.{max(digits, 1) - 1}e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        return f"{mantissa}e{int(exponent)}"
    return short_exponent(f"{value:.{digits}g}")


def _shown(sign: str) -> str:
    return "�" if sign not in "\n\t" and unicodedata.category(sign) in _UNPRINTABLE else sign
