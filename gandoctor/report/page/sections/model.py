"""The model card: the data, and each network layer by layer."""

from __future__ import annotations

from gandoctor.report.page import facts, layers
from gandoctor.report.page.section import Section, Shown, Source


def show(source: Source) -> Shown:
    """Return the networks and what is known of their data."""
    return Shown(
        {
            "data_facts": facts.data_facts(source.run, source.words),
            "players": layers.players(source.run, source.diagnosis.detected, source.words),
        }
    )


SECTION = Section("model", 35, show, tab="networks")
