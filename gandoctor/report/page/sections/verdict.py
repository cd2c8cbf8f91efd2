"""The first screen: the verdict, the samples, one timeline, and since when, why and what to change."""

from __future__ import annotations

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.headlines import BEFORE_TRAINING, is_in_the_model
from gandoctor.message import Message
from gandoctor.report.languages.language import Language
from gandoctor.report.page import facts
from gandoctor.report.page.first_screen import best_place, chips, lanes, proof, quality
from gandoctor.report.page.section import Section, Shown, Source
from gandoctor.report.page.sheets import sheets
from gandoctor.report.text import clean
from gandoctor.rules import Finding

ICONS = {"healthy": "✓", "attention": "!", "failing": "✕", "inconclusive": "?"}


def show(source: Source) -> Shown:
    """Return the top of the page."""
    diagnosis, run, words = source.diagnosis, source.run, source.words
    root = diagnosis.root
    plan = diagnosis.plan
    values = {
        "verdict": diagnosis.verdict,
        "verdict_icon": ICONS[diagnosis.verdict],
        "name": clean(words.say(diagnosis.name), 400),
        "headline": diagnosis.headline,
        "ending": facts.ending(run, words),
        "crash": facts.crash(run, words),
        "chips": chips(diagnosis, words),
        "sheets": sheets(diagnosis, source.strip, source.course),
        "lanes": lanes(source.findings),
        "quality": quality(source),
        "best": best_place(source),
        "course": source.course,
        "last_step": run.last_step,
        "root": root,
        "when": since(root, words) if root is not None else None,
        "sentence": clean(words.say(diagnosis.sentence), 1_500),
        "proof": proof(source, root),
        "step": plan[0] if plan else None,
        "then": plan[1:],
        "cause": cause_of(diagnosis),
    }
    return Shown({**values, "top": values})


def since(finding: Finding, words: Language) -> str:
    """Return since when a finding was there."""
    if is_in_the_model(finding) or finding.first_step is None:
        return words.say(BEFORE_TRAINING)
    step = words("film.step", step=f"{finding.first_step:,}")
    return words("first.from_start", step=step) if finding.first_step <= 1 else step


def cause_of(diagnosis: Diagnosis) -> tuple[Message, str] | None:
    """Return what is behind the failure and whether that is confirmed or possible; None where nothing is likely."""
    if diagnosis.headline is None:
        return None
    if diagnosis.plan:
        return diagnosis.plan[0].why, diagnosis.plan[0].standing
    likely = diagnosis.likely_causes
    return (likely[0].title, likely[0].standing) if likely else None


SECTION = Section("verdict", 0, show)
