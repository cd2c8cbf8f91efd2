"""Inputs that are images, what the generator makes of them, and what belongs to them."""

from __future__ import annotations

from gandoctor.report.page.filmstrip import SIDE_MAX, encoded
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.page.sheets import COLUMNS
from gandoctor.store.writer import contact_sheet


def show(source: Source) -> Shown | None:
    """Return a row of each; None where nothing was kept."""
    answers = source.run.answers
    if answers is None:
        return None
    rows = []
    for name, images in (("inputs", answers.inputs), ("made", answers.made), ("belonging", answers.belonging)):
        if images is None:
            continue
        sheet = contact_sheet(images, None, COLUMNS)
        sheet.thumbnail((SIDE_MAX, SIDE_MAX))
        rows.append((name, encoded(sheet), sheet.width, sheet.height))
    return Shown({"rows": rows})


SECTION = Section("answers", 22, show, tab="samples")
