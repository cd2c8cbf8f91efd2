"""The charts of one run: the curve section and the chart under each piece of evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from gandoctor.diagnosis import Diagnosis
from gandoctor.report.charts import EQUILIBRIA, GROUPS, Chart, Group, Level
from gandoctor.report.curves import Curve, thin
from gandoctor.report.figures import Moment, Span, line_figure
from gandoctor.report.text import clean, number
from gandoctor.rules import Evidence, Finding, warm_up_end
from gandoctor.signals import SIGNALS
from gandoctor.store import Run

EVIDENCE_CHARTS = 3
OTHER_MAX = 24
_CROSSES = "Crosses at the top mark steps whose value is NaN or infinite."


class Band(Protocol):
    """Where real data fall (gandoctor.measures.null)."""

    @property
    def low(self) -> float:
        """Smallest value."""

    @property
    def high(self) -> float:
        """Largest value."""


@dataclass(frozen=True)
class ChartView:
    """One chart, ready for the page.

    Attributes:
        id: Unique in the page.
        title: Heading.
        reading: What the shape means.
        notes: Further sentences, e.g. the equilibrium.
        words: Each curve in words.
        meanings: (signal, what it is).
        figure: Plotly's JSON.
    """

    id: str
    title: str
    reading: str
    notes: tuple[str, ...]
    words: tuple[str, ...]
    meanings: tuple[tuple[str, str], ...]
    figure: dict[str, Any]


@dataclass(frozen=True)
class GroupView:
    """Charts under one heading; `absent` names those for which nothing was recorded, and why."""

    id: str
    title: str
    lead: str
    charts: tuple[ChartView, ...]
    absent: tuple[tuple[str, str], ...]


def moments_of(diagnosis: Diagnosis) -> list[Moment]:
    """Return where detected findings began, those of one step together, in order of step."""
    at: dict[int, list[str]] = {}
    for finding in diagnosis.detected:
        if finding.first_step is not None:
            at.setdefault(finding.first_step, []).append(finding.rule.id)
    return [Moment(step, " · ".join(ids[:3])) for step, ids in sorted(at.items())]


class Charts:
    """Draws the charts of one run.

    Args:
        diagnosis: The run and its findings.
        bands: Null bands by signal; empty where there is none.
    """

    def __init__(self, diagnosis: Diagnosis, bands: Mapping[str, Band]) -> None:
        self._run = diagnosis.run
        self._bands = bands
        self._moments = moments_of(diagnosis)
        self._curve = cache(lambda name, log: thin(self._run[name], log))

    def groups(self) -> list[GroupView]:
        """Return the whole curve section; signals outside the vocabulary come last."""
        shown = {name for group in GROUPS for chart in group.charts for name in chart.signals}
        others = [name for name in self._run.names if name not in shown]
        groups = [self._group(group) for group in GROUPS]
        if others:
            charts = tuple(
                Chart(f"other-{i}", clean(name, 80), (name,), _meaning(name))
                for i, name in enumerate(others[:OTHER_MAX])
            )
            lead = "Scalars that this training recorded beyond gandoctor's own vocabulary."
            if len(others) > OTHER_MAX:
                lead += f" The first {OTHER_MAX} of {len(others)} are drawn."
            groups.append(self._group(Group("other", "Other recorded signals", lead, charts)))
        return groups

    def of_finding(self, finding: Finding) -> list[ChartView]:
        """Return a chart for each signal a finding's evidence names, three at most."""
        by_signal: dict[str, list[Evidence]] = {}
        for evidence in finding.evidence:
            if evidence.signal in self._run:
                by_signal.setdefault(evidence.signal, []).append(evidence)
        return [
            self._evidence(finding, name, evidence, i)
            for i, (name, evidence) in enumerate(list(by_signal.items())[:EVIDENCE_CHARTS])
        ]

    def _evidence(self, finding: Finding, name: str, evidence: Sequence[Evidence], i: int) -> ChartView:
        chart = _chart_of(name)
        values = [e.threshold for e in evidence if e.threshold is not None] + [e.observed for e in evidence]
        # A zero that matters (a contract) cannot be seen on a logarithmic axis.
        log = chart.log and all(v > 0 for v in values if math.isfinite(v))
        thresholds = sorted({e.threshold for e in evidence if e.threshold is not None})
        curve = self._curve(name, log)
        band = self._band((name,))
        figure = line_figure(
            [curve],
            last_step=self._run.last_step,
            log=log,
            unit=chart.unit,
            levels=[Level(t, f"threshold {number(t)}") for t in thresholds if math.isfinite(t)],
            band=band,
            spans=[Span(e.first_step, e.last_step, e.observed) for e in evidence[:20]],
        )
        notes = ["Shaded: the steps in question."]
        if any(math.isfinite(e.observed) for e in evidence):
            notes = ["Shaded: the steps in question; the observed value is drawn across, between diamonds."]
        if any(s.kind == "not finite" for s in curve.stretches):
            notes.append(_CROSSES)
        if thresholds:
            notes.append("Dashed: the threshold.")
        if band:
            notes.append(_band_note(band))
        return ChartView(
            id=f"{finding.rule.id}-{i}",
            title=clean(name, 80),
            reading=_meaning(name),
            notes=tuple(notes),
            words=(clean(curve.words), *(clean(e.statement) for e in evidence[:20])),
            meanings=(),
            figure=figure,
        )

    def _group(self, group: Group) -> GroupView:
        charts, absent = [], []
        for chart in group.charts:
            present = tuple(name for name in chart.signals if name in self._run)
            if present:
                charts.append(self._chart(replace(chart, signals=present)))
            else:
                absent.append((chart.title, _why_absent(self._run, chart.signals)))
        return GroupView(group.id, group.title, group.lead, tuple(charts), tuple(absent))

    def _chart(self, chart: Chart) -> ChartView:
        curves: list[Curve] = [self._curve(name, chart.log) for name in chart.signals]
        levels, notes = self._levels(chart)
        band = self._band(chart.signals)
        if band:
            notes.append(_band_note(band))
        if any(s.kind == "not finite" for c in curves for s in c.stretches):
            notes.append(_CROSSES)
        if any(s.kind == "zero" for c in curves for s in c.stretches):
            notes.append("Rings at the bottom mark steps whose value is exactly zero (or below).")
        figure = line_figure(
            curves,
            last_step=self._run.last_step,
            log=chart.log,
            unit=chart.unit,
            limits=chart.limits,
            levels=levels,
            band=band,
            moments=self._moments,
            warm_up=warm_up_end(self._run.manifest) if chart.id == "losses" else None,
        )
        return ChartView(
            id=chart.id,
            title=chart.title,
            reading=chart.reading,
            notes=tuple(notes),
            words=tuple(clean(c.words) for c in curves),
            meanings=tuple((clean(n, 80), _meaning(n)) for n in chart.signals),
            figure=figure,
        )

    def _levels(self, chart: Chart) -> tuple[list[Level], list[str]]:
        manifest = self._run.manifest
        if chart.id == "losses":
            if manifest.loss_family is None:
                return [], ["The loss family is not known, so no equilibrium is drawn."]
            levels, note = EQUILIBRIA[manifest.loss_family]
            return [level for name, level in levels.items() if name in chart.signals], [note]
        if chart.id == "sample-range" and manifest.data is not None:
            data = manifest.data
            levels_of_data = [Level(data.minimum, "data minimum"), Level(data.maximum, "data maximum")]
            return [level for level in levels_of_data if math.isfinite(level.value)], []
        if chart.id == "auc":
            return [Level(0.5, "coin toss")], []
        return [], []

    def _band(self, signals: Iterable[str]) -> tuple[float, float] | None:
        found = [self._bands[name] for name in signals if name in self._bands]
        if len(found) != 1:
            return None
        band = (float(found[0].low), float(found[0].high))
        return band if all(map(math.isfinite, band)) else None


def _chart_of(name: str) -> Chart:
    charts = (c for g in GROUPS for c in g.charts if name in c.signals)
    return next(charts, Chart("other", name, (name,), ""))


def _meaning(name: str) -> str:
    return SIGNALS[name].meaning if name in SIGNALS else "Recorded by this training; not one of gandoctor's own."


def _why_absent(run: Run, signals: Iterable[str]) -> str:
    reasons = dict.fromkeys(run.manifest.missing[n] for n in signals if n in run.manifest.missing)
    return clean(" ".join(reasons)) if reasons else "Not recorded in this run."


def _band_note(band: tuple[float, float]) -> str:
    return f"Green band: what your own real data score, {number(band[0])} to {number(band[1])}."
