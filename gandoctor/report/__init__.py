"""The report: one self-contained HTML page that says what is wrong, since when, why, and what to change."""

from gandoctor.report.page import render_html, write_report

__all__ = ["render_html", "write_report"]
