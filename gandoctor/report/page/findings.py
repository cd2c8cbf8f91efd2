"""Findings ready for the page: charts, treatments, and places on the timeline and the slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gandoctor.diagnosis.commands import setting_words
from gandoctor.diagnosis.headlines import NAMES, headline_of, is_in_the_model, when_of
from gandoctor.diagnosis.run_causes import RunCause
from gandoctor.message import Message
from gandoctor.report.charts.chart_view import ChartView
from gandoctor.report.charts.run_charts import Charts
from gandoctor.report.languages.language import Language
from gandoctor.report.page.filmstrip import Filmstrip
from gandoctor.report.text import clean, number
from gandoctor.rules import MODEL_CARD, Evidence, Finding
from gandoctor.treatments import Treatment

MARK_WIDTH = 20
"""Share of the slider, in percent, that a mark takes on a phone."""


@dataclass(frozen=True)
class FindingView:
    """A detected finding, ready to be shown.

    Attributes:
        left: Where it begins on the timeline, in percent of the run; width: how much of it it takes.
        when: When it was there; in_model: whether it was seen before training.
        name: What the failure is called; headline: with this run's fact.
    """

    finding: Finding
    charts: tuple[ChartView, ...]
    treatments: tuple[tuple[Treatment, str | None], ...]
    left: float
    width: float
    when: Message
    in_model: bool
    name: Message
    headline: Message


def finding_view(finding: Finding, charts: Charts, last_step: int) -> FindingView:
    """Return a detected finding ready for the page of a run of `last_step` steps."""
    first, last, whole = finding.first_step or 0, finding.last_step or 0, max(last_step, 1)
    left = min(max(100 * first / whole, 0.0), 99.0)
    width = min(max(100 * (last - first) / whole, 1.0), 100 - left)
    return FindingView(
        finding=finding,
        charts=tuple(charts.of_finding(finding)),
        treatments=tuple((t, set_command(t)) for t in finding.treatments),
        left=round(left, 2),
        width=round(width, 2),
        when=when_of(finding),
        in_model=is_in_the_model(finding),
        name=NAMES.get(finding.rule.id, finding.rule.title),
        headline=headline_of(finding, charts.run),
    )


def observation(evidence: Evidence, words: Language) -> str:
    """Return the numbers of a piece of evidence in words, in the page's language even where its statement is not."""
    told = words(
        "finding.on_card" if evidence.signal == MODEL_CARD else "finding.observation",
        signal=clean(evidence.signal, 120),
        first=evidence.first_step,
        last=evidence.last_step,
        observed=number(evidence.observed),
    )
    return told if evidence.threshold is None else told + words("finding.against", threshold=number(evidence.threshold))


def cause_title(cause: RunCause, words: Language) -> str:
    """Return the title of a cause; a detected fact carries its rule's id."""
    if cause.is_fact:
        return f"{clean(cause.id, 20)} {words.say(cause.title)}"
    return words.say(cause.title)


def set_command(treatment: Treatment) -> str | None:
    """Return the command that makes the change on the reference model, or None where it is not a setting."""
    return f"gandoctor run {setting_words(treatment.patch)}" if treatment.patch else None


def slider_marks(strip: Filmstrip, moments: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """Place each moment under the slider, at the first sheet that can show it, in rows that do not overlap."""
    steps = [f.step for f in strip.frames]
    if len(steps) < 2:
        return []
    marks: list[dict[str, Any]] = []
    for step, label in moments:
        index = next((i for i, s in enumerate(steps) if s >= step), len(steps) - 1)
        left = round(100 * index / (len(steps) - 1), 2)
        near = [m["row"] for m in marks if left - m["left"] < MARK_WIDTH]
        row = next(r for r in range(len(near) + 1) if r not in near)
        marks.append({"step": step, "label": label, "index": index, "left": left, "row": row})
    return marks
