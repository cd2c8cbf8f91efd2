"""The rules' documentation pages in other languages: `<language>/pages/<rule's id>.txt`.

The first line of a file names the English page that it translates, by a digest; the rest is the page.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from gandoctor.report import languages

if TYPE_CHECKING:
    from gandoctor.rules import Rule


def page_of(rule: Rule, code: str) -> str:
    """Return a rule's page in a language; in English where that has none, or one of an English page since changed."""
    file = languages.FOLDER / code / "pages" / f"{rule.id}.txt"
    if not file.is_file():
        return rule.page
    head, _, page = file.read_text(encoding="utf-8").partition("\n")
    return page if head == head_of(rule.page) else rule.page


def head_of(page: str) -> str:
    """Return the first line of a file that translates an English page."""
    return f"# of {blake2b(page.encode()).hexdigest()[:12]}"
