"""The plan, and the findings, each with what follows from it: evidence with charts, causes, and what to change."""

from __future__ import annotations

from gandoctor.report.page.section import Section, Shown, Source


def show(source: Source) -> Shown | None:
    """Return the plan and the detected findings; None where there is neither."""
    plan = source.diagnosis.plan
    if not source.findings and not plan:
        return None
    views = {view.finding.rule.id: view for view in source.findings}
    groups = [
        (views[root.rule.id], [views[finding.rule.id] for finding in after]) for root, after in source.diagnosis.groups
    ]
    values = {"groups": groups, "plan": plan, "verdict": source.diagnosis.verdict}
    return Shown(values, [chart for view in source.findings for chart in view.charts])


SECTION = Section("findings", 10, show, tab="findings")
