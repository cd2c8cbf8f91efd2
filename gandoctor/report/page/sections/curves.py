"""The curves: every chart of what was recorded, and what was not."""

from __future__ import annotations

from gandoctor.report.page.section import Section, Shown, Source


def show(source: Source) -> Shown:
    """Return the charts under their headings."""
    groups = source.charts.groups()
    values = {"groups": groups, "is_empty": source.run.last_step == 0 and not source.run.names}
    return Shown(values, [chart for group in groups for chart in group.charts])


SECTION = Section("curves", 30, show, tab="curves")
