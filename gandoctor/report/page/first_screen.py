"""What the first screen shows beside the samples: chips, lanes of the timeline, and the evidence as a small chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.course import Course
from gandoctor.message import Message
from gandoctor.report.charts.chart_list import panel_of
from gandoctor.report.charts.run_charts import limit_label
from gandoctor.report.languages.language import Language
from gandoctor.report.page.findings import FindingView
from gandoctor.report.page.section import Source
from gandoctor.report.page.spark import Spark, spark
from gandoctor.report.text import clean, number
from gandoctor.rules import Evidence, Finding, Severity, Status
from gandoctor.store import Run

LANES_MAX = 4
STEEP = 30.0
_LATER = ("end", "start")
"""Values of reasons for which a rule was not evaluated that name the step from which it judges."""


@dataclass(frozen=True)
class Chip:
    """A count that leads to where it is told.

    Attributes:
        text: What it says.
        href: Where that is told.
        tone: Its colour: a severity, "healthy" or "".
    """

    text: str
    href: str
    tone: str = ""


@dataclass(frozen=True)
class Proof:
    """A piece of evidence as a small chart.

    Attributes:
        title: What is drawn.
        chart: The drawing.
        band: Where real data fall, in words; "" where that is not known.
        legend: What else is drawn, in words.
    """

    title: str
    chart: Spark
    band: str
    legend: tuple[str, ...]


def chips(diagnosis: Diagnosis, words: Language) -> list[Chip]:
    """Return how many more findings there are, how many checks passed, and how many could not be made."""
    found = []
    rest = [f for f in diagnosis.detected if f is not diagnosis.root]
    more = diagnosis.headline is not None
    for severity in (Severity.CRITICAL, Severity.WARNING, Severity.INFO):
        if count := sum(f.severity is severity for f in rest):
            key = f"chip.more_{severity.value}" if more and severity is not Severity.INFO else f"chip.{severity.value}"
            found.append(Chip(words.count(key, count), "#findings", severity.value))
    by = {status: [f for f in diagnosis.checks if f.status is status] for status in Status}
    if passed := len(by[Status.NOT_DETECTED]):
        found.append(Chip(words.count("chip.passed", passed), "#checks", "healthy"))
    if errored := len(by[Status.ERRORED]):
        found.append(Chip(words.count("chip.errored", errored), "#checks", "critical"))
    later = [step for f in by[Status.NOT_EVALUATED] if (step := judged_from(f, diagnosis.run)) is not None]
    if later:
        found.append(Chip(words.count("chip.later", len(later), step=f"{max(later):,}"), "#checks"))
    if never := len(by[Status.NOT_EVALUATED]) - len(later):
        found.append(Chip(words.count("chip.not_checked", never), "#checks"))
    return found


def judged_from(finding: Finding, run: Run) -> int | None:
    """Return the step from which a rule judges that could not yet; None where more steps would not help."""
    if not isinstance(finding.reason, Message):
        return None
    steps = [value for name in _LATER if isinstance(value := finding.reason.facts.get(name), int)]
    return steps[0] if steps and steps[0] > run.last_step else None


def lanes(findings: Sequence[FindingView]) -> tuple[Sequence[FindingView], int]:
    """Return the findings that the timeline shows, worst first, and how many it leaves out."""
    return findings[:LANES_MAX], max(len(findings) - LANES_MAX, 0)


def quality(source: Source) -> Spark | None:
    """Return the course of the samples' quality against the reals; None where it was not recorded."""
    course = source.course
    if course is None:
        return None
    band = (course.band.low, course.band.high) if course.band is not None else None
    return spark(course.values, source.words, last_step=source.run.last_step, log=_is_steep(course), band=band)


def _is_steep(course: Course) -> bool:
    """Tell whether the last steps of a distance would all lie on the floor of a linear axis."""
    values = course.values[np.isfinite(course.values)]
    return len(values) > 1 and values.min() > 0 and values.max() > STEEP * values.min()


def best_place(source: Source) -> float | None:
    """Return where the best step lies on the timeline, in percent; None where there is none."""
    course = source.course
    if course is None or course.best_step is None:
        return None
    return round(100 * course.best_step / max(source.run.last_step, 1), 2)


def proof(source: Source, root: Finding | None) -> Proof | None:
    """Return the headline's evidence against the reals' band, or what else shows it; None where nothing was recorded.

    A finding of the model card shows what followed from it, or how the samples' quality went.
    """
    diagnosis, run = source.diagnosis, source.run
    if root is None:
        return None
    after = [f for f in diagnosis.detected if diagnosis.follows.get(f.rule.id) == root.rule.id]
    for finding in (root, *after):
        drawn = [e for e in finding.evidence if e.signal in run]
        drawn.sort(key=lambda e: e.signal not in diagnosis.reference.bands)
        if drawn:
            return _proof_of(source, finding, drawn[0])
    return _proof_of_quality(source)


def _proof_of(source: Source, finding: Finding, evidence: Evidence) -> Proof:
    words, panel = source.words, panel_of(evidence.signal)
    numbers = [v for v in (evidence.threshold, evidence.observed) if v is not None and math.isfinite(v)]
    level = evidence.threshold if evidence.threshold is not None and math.isfinite(evidence.threshold) else None
    band = _band(source, evidence.signal)
    chart = spark(
        source.run[evidence.signal],
        words,
        last_step=source.run.last_step,
        log=(True if panel.chart.log else None) if all(v > 0 for v in numbers) else False,
        band=band,
        levels=[level] if level is not None else [],
        spans=[(evidence.first_step, evidence.last_step)],
    )
    legend = [limit_label(finding.rule.id, evidence, words)] if level is not None else []
    title = words.signal(evidence.signal)
    return Proof(clean(title, 120), chart, _band_said(band, words), tuple(legend))


def _proof_of_quality(source: Source) -> Proof | None:
    chart, course = quality(source), source.course
    if chart is None or course is None:
        return None
    return Proof(source.words.signal(course.signal), chart, _band_said(_band(source, course.signal), source.words), ())


def _band(source: Source, signal: str) -> tuple[float, float] | None:
    found = source.diagnosis.reference.bands.get(signal)
    if found is None or not (math.isfinite(found.low) and math.isfinite(found.high)):
        return None
    return (float(found.low), float(found.high))


def _band_said(band: tuple[float, float] | None, words: Language) -> str:
    return "" if band is None else words("first.band", low=number(band[0]), high=number(band[1]))
