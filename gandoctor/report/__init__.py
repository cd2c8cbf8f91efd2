"""The report: what is wrong, since when, why, and what to change, as one HTML file, as Markdown, or live."""

from gandoctor.report.languages.language import LANGUAGES
from gandoctor.report.markdown import render_markdown
from gandoctor.report.page.page import render_html, write_report, write_text

__all__ = ["LANGUAGES", "render_html", "render_markdown", "write_report", "write_text"]
