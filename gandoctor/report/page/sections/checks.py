"""The checks: what was checked, what was not and why, what could not be read or recorded."""

from __future__ import annotations

from gandoctor.report.languages.language import Language
from gandoctor.report.page import facts
from gandoctor.report.page.filmstrip import Filmstrip
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.text import clean


def show(source: Source) -> Shown:
    """Return every rule's outcome, and what the run lacks."""
    run, words = source.run, source.words
    return Shown(
        {
            "rules": source.diagnosis.checks,
            "gaps": facts.gaps(run, words) + _band_gaps(source) + _sheet_gaps(source.strip, words),
            "missing": facts.missing(run, words),
            "events": facts.notable_events(run, words),
        }
    )


def _band_gaps(source: Source) -> list[str]:
    trouble, words = source.diagnosis.reference.trouble, source.words
    return [] if trouble is None else [words("curves.no_band", reason=clean(words.say(trouble), 200))]


def _sheet_gaps(strip: Filmstrip, words: Language) -> list[str]:
    if not strip.unreadable:
        return []
    steps = ", ".join(str(s) for s in strip.unreadable[:10])
    return [words("sheet.unreadable", steps=steps)]


SECTION = Section("checks", 40, show, tab="checks")
