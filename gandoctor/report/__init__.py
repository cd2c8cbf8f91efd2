"""The report: what is wrong, since when, why, and what to change, as one HTML file, as Markdown, or live.

Public names are loaded on first use, so that the list of languages costs no drawing library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gandoctor.report.languages import LANGUAGES
    from gandoctor.report.markdown import render_markdown
    from gandoctor.report.page.page import render_html, write_report, write_text

__all__ = ["LANGUAGES", "render_html", "render_markdown", "write_report", "write_text"]

_HOME = {
    "LANGUAGES": "gandoctor.report.languages",
    "render_html": "gandoctor.report.page.page",
    "render_markdown": "gandoctor.report.markdown",
    "write_report": "gandoctor.report.page.page",
    "write_text": "gandoctor.report.page.page",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gandoctor.report' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
