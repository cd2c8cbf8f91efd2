"""Formats text from a run directory: clipped, printable, with short numbers, and JSON that cannot leave its script."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from gandoctor.printable import ELLIPSIS, printable, short_exponent
from gandoctor.report.languages.language import Language

TEXT_MAX = 400
ROWS_MAX = 200
_URL = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:)\]]")
_LISTED = re.compile(r"\s*([-*|]|\d+\.)\s")
_CODE = re.compile(r"`([^`\n]+)`")


def clean(value: object, limit: int = TEXT_MAX) -> str:
    """Return `value` as printable text of at most `limit` characters."""
    return printable(value, limit)


def number(value: float) -> str:
    """Return a number with four significant digits, e.g. 0.6931, 12,300, 1.2e-7; "NaN" and "∞" by name."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e6:
        digits = max(0, 3 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = short_exponent(f"{value:.3g}")
    return text.replace("-", "−") if text.startswith("-") else text


def duration(seconds: float, words: Language) -> str:
    """Return seconds as "45 s", "12 min 5 s" or "3 h 20 min"."""
    if not math.isfinite(seconds) or seconds < 0:
        return words("fact.no_duration")
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def flat(settings: Mapping[str, Any], words: Language, limit: int = ROWS_MAX) -> list[tuple[str, str]]:
    """Return nested settings as ("generator.dropout", "0.4") rows, at most `limit` and a last one that says so."""
    rows: list[tuple[str, str]] = []
    stack: list[tuple[str, Any]] = [(str(k), v) for k, v in reversed(list(settings.items()))]
    while stack and len(rows) < limit:
        key, value = stack.pop()
        if isinstance(value, Mapping) and value:
            stack += [(f"{key[:TEXT_MAX]}.{k}", v) for k, v in reversed(list(value.items()))]
        else:
            rows.append((clean(key, 120), setting(value, words)))
    if stack:
        rows.append((ELLIPSIS, words("reproduce.more", n=len(stack))))
    return rows


def setting(value: object, words: Language) -> str:
    """Return one setting as the user would type it: true, 0.4, adam, [1, 2]."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and math.isfinite(value):
        return short_exponent(repr(value))
    try:
        return clean(json.dumps(value, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        return words("reproduce.not_shown")


def script_json(content: object) -> Markup:
    """Return JSON that is inert inside <script>: no `<`, `>`, `&` or line separator is left in it."""
    text = json.dumps(content, separators=(",", ":"), sort_keys=True)  # ASCII only
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def plot_text(value: object) -> str:
    """Return text that plotly shows as it is; plotly reads a small HTML dialect, links included, in every label."""
    return html.escape(clean(value, 120), quote=False)


def linked(value: object) -> Markup:
    """Return escaped text whose http(s) addresses are links."""
    text, parts, end = clean(value), [], 0
    for match in _URL.finditer(text):
        parts.append(escape(text[end : match.start()]))
        parts.append(Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(match[0]))
        end = match.end()
    return Markup().join([*parts, escape(text[end:])])


def inline(value: object, limit: int = 2_000) -> Markup:
    """Return escaped text in which `this` is code."""
    text, parts, end = clean(value, limit), [], 0
    for match in _CODE.finditer(text):
        parts += [escape(text[end : match.start()]), Markup("<code>{}</code>").format(match[1])]
        end = match.end()
    return Markup().join([*parts, escape(text[end:])])


def prose(value: object) -> Markup:
    """Return a rule's documentation page as HTML: paragraphs at empty lines, a heading where indented text follows.

    Blocks that hold a list or a table keep their lines as they are.
    """
    parts = []
    for block in re.split(r"\n\s*\n", clean(value, 20_000).strip("\n")):
        head, _, body = block.partition("\n")
        if any(_LISTED.match(line) for line in block.split("\n")):
            parts.append(Markup('<p class="lines">{}</p>').format(inline(block, 20_000)))
        elif body and not head.startswith(" ") and all(line.startswith("    ") for line in body.split("\n")):
            words = inline(" ".join(body.split()), 20_000)
            parts.append(Markup("<p><b>{}</b><br>{}</p>").format(inline(head), words))
        else:
            parts.append(Markup("<p>{}</p>").format(inline(" ".join(block.split()), 20_000)))
    return Markup("\n").join(parts)
