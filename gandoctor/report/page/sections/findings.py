"""The findings: when each was observed, its evidence with charts, its causes, and what to change."""

from __future__ import annotations

from gandoctor.report.page.section import Section, Shown, Source


def show(source: Source) -> Shown | None:
    """Return the detected findings; None where there are none."""
    if not source.findings:
        return None
    values = {
        "findings": source.findings,
        "verdict": source.diagnosis.verdict,
        "last_step": source.run.last_step,
    }
    return Shown(values, [chart for view in source.findings for chart in view.charts])


SECTION = Section("findings", 10, show)
