"""The samples over time: a film of contact sheets."""

from __future__ import annotations

from gandoctor.report.page.findings import slider_marks
from gandoctor.report.page.section import Section, Shown, Source


def show(source: Source) -> Shown | None:
    """Return the film; None where no sheet can be shown."""
    if not source.strip.frames:
        return None
    return Shown(
        {"strip": source.strip, "marks": slider_marks(source.strip, [(m.step, m.label) for m in source.moments])}
    )


SECTION = Section("samples", 20, show, tab="samples")
