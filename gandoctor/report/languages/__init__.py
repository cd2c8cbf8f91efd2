"""The report's languages, each one folder of catalogue files and nothing else.

`page.json` holds the page's own words by key. `*.po` files hold what rules, treatments, signals and monitors say, by
its English template, as gettext has it. `pages/` holds the rules' documentation pages. What a language lacks is shown
in English.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
"""Its folders are the languages, each named by its code."""


def codes() -> tuple[str, ...]:
    """Return the languages' codes, English first."""
    files = (*FOLDER.glob("*/*.po"), *FOLDER.glob("*/page.json"))
    return ("en", *sorted({file.parent.name for file in files} - {"en"}))


LANGUAGES = codes()
"""Codes as `--lang` takes them."""
