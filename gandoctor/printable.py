"""Text from a run directory made safe for a terminal: an escape sequence must not steer the screen."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """Replace control and bidirectional-override characters by "�"; newlines and tabs stay."""
    return "".join(
        "�" if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text
    )
