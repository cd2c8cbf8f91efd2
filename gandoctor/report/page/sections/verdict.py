"""The verdict: what is wrong, since when, why, what to change first, and the run's key facts."""

from __future__ import annotations

from gandoctor.report.page import facts
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.text import clean
from gandoctor.rules import Status

ICONS = {"healthy": "✓", "attention": "!", "failing": "✕", "inconclusive": "?"}


def show(source: Source) -> Shown:
    """Return the top of the page."""
    diagnosis, run, words = source.diagnosis, source.run, source.words
    first = diagnosis.change_first
    return Shown(
        {
            "name": clean(run.path.resolve().name, 80),
            "verdict": diagnosis.verdict,
            "verdict_icon": ICONS[diagnosis.verdict],
            "sentence": clean(words.say(diagnosis.sentence), 1_500),
            "facts": facts.facts(run, words),
            "crash": facts.crash(run, words),
            "likely_causes": diagnosis.likely_causes,
            "change_first": first,
            "change_first_at": next((f.rule.id for f in diagnosis.detected if first in f.treatments), None),
            "findings": source.findings,
            "has_failed": diagnosis.headline is not None,
            "strip": source.strip,
            "counts": {status.value: sum(f.status is status for f in diagnosis.checks) for status in Status},
        }
    )


SECTION = Section("verdict", 0, show, in_nav=False)
