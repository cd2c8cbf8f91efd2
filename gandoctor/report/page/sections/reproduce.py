"""How to make the run again: command, configuration, versions, cadence."""

from __future__ import annotations

from gandoctor.report.page import facts
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.text import flat


def show(source: Source) -> Shown:
    """Return what started the run and with which settings."""
    run, words = source.run, source.words
    changed, config = facts.settings(run, words)
    return Shown(
        {
            "command": facts.command(run),
            "changed": changed,
            "config": config,
            "facts": facts.facts(run, words),
            "versions": flat(run.manifest.versions, words),
            "cadence": facts.cadence(run),
        }
    )


SECTION = Section("reproduce", 60, show, tab="run")
