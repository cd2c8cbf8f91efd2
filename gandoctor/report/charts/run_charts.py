"""The charts of one run: the curve section and the chart under each piece of evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Protocol

from gandoctor.diagnosis import Diagnosis
from gandoctor.report.charts.chart_list import EQUILIBRIA, GROUPS, Chart, Group, Level
from gandoctor.report.charts.chart_view import ChartView, GroupView
from gandoctor.report.charts.curves import Curve, thin
from gandoctor.report.charts.family_charts import family_chart, is_family
from gandoctor.report.charts.figures import Moment, Span, line_figure
from gandoctor.report.languages.language import Language
from gandoctor.report.text import clean, number
from gandoctor.rules import Evidence, Finding, warm_up_end
from gandoctor.signals import SIGNALS

EVIDENCE_CHARTS = 3
OTHER_MAX = 24


class Band(Protocol):
    """Where real data fall (gandoctor.measures.null)."""

    @property
    def low(self) -> float:
        """Smallest value."""

    @property
    def high(self) -> float:
        """Largest value."""


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
        words: The language of the page.
    """

    def __init__(self, diagnosis: Diagnosis, bands: Mapping[str, Band], words: Language) -> None:
        self._words = words
        self._run = diagnosis.run
        self._bands = bands
        self._moments = moments_of(diagnosis)
        self._curve = cache(lambda name, log: thin(self._run[name], words, log))

    def groups(self) -> list[GroupView]:
        """Return the whole curve section; signals outside the vocabulary come last."""
        shown = {name for group in GROUPS for chart in group.charts for name in chart.signals}
        others = [name for name in self._run.names if not shown & {name, name.partition("/")[0]}]
        groups = [self._group(group) for group in GROUPS]
        if others:
            words = self._words
            views = [self._curves(Chart(f"other-{i}", (n,)), clean(n, 80)) for i, n in enumerate(others[:OTHER_MAX])]
            lead = [words("group.other.lead")]
            if len(others) > OTHER_MAX:
                lead.append(words("group.other.more", limit=OTHER_MAX, n=len(others)))
            groups.append(GroupView("other", words("group.other.title"), " ".join(lead), tuple(views), ()))
        return groups

    def of_finding(self, finding: Finding) -> list[ChartView]:
        """Return a chart for each signal a finding's evidence names, three at most."""
        by_signal: dict[str, list[Evidence]] = {}
        for evidence in finding.evidence:
            if evidence.signal in self._run or is_family(evidence.signal, self._run):
                by_signal.setdefault(evidence.signal, []).append(evidence)
        drawn = list(by_signal.items())[:EVIDENCE_CHARTS]
        views = [self._evidence(finding, name, evidence, i) for i, (name, evidence) in enumerate(drawn)]
        return [view for view in views if view is not None]

    def _evidence(self, finding: Finding, name: str, evidence: Sequence[Evidence], i: int) -> ChartView | None:
        chart, words = _chart_of(name), self._words
        if chart.kind != "curves":
            view = family_chart(replace(chart, signals=(name,)), self._run, words, self._moments)
            if view is None:
                return None
            told = tuple(clean(words.say(e.statement)) for e in evidence[:20])
            return replace(view, id=f"{finding.rule.id}-{i}", words=(*view.words, *told), meanings=())
        values = [e.threshold for e in evidence if e.threshold is not None] + [e.observed for e in evidence]
        # A zero that matters (a contract) cannot be seen on a logarithmic axis.
        log = chart.log and all(v > 0 for v in values if math.isfinite(v))
        thresholds = sorted({e.threshold for e in evidence if e.threshold is not None})
        curve = self._curve(name, log)
        band = self._band((name,))
        figure = line_figure(
            [curve],
            words,
            last_step=self._run.last_step,
            log=log,
            unit=chart.unit,
            levels=[Level(t, words("level.threshold", value=number(t))) for t in thresholds if math.isfinite(t)],
            band=band,
            spans=[Span(e.first_step, e.last_step, e.observed) for e in evidence[:20]],
        )
        seen = any(math.isfinite(e.observed) for e in evidence)
        notes = [words("curves.shaded_observed" if seen else "curves.shaded")]
        if any(s.kind == "not finite" for s in curve.stretches):
            notes.append(words("curves.crosses"))
        if thresholds:
            notes.append(words("curves.dashed"))
        if band:
            notes.append(self._band_note(band))
        return ChartView(
            id=f"{finding.rule.id}-{i}",
            title=clean(name, 80),
            reading=meaning(name, words),
            notes=tuple(notes),
            words=(clean(curve.words), *(clean(words.say(e.statement)) for e in evidence[:20])),
            meanings=(),
            figure=figure,
        )

    def _group(self, group: Group) -> GroupView:
        charts, absent, words = [], [], self._words
        for chart in group.charts:
            there = self._run.__contains__ if chart.kind == "curves" else lambda name: is_family(name, self._run)
            present = tuple(name for name in chart.signals if there(name))
            view = self._chart(replace(chart, signals=present)) if present else None
            if view is not None:
                charts.append(view)
            else:
                absent.append((words(f"chart.{chart.id}.title"), self._why_absent(chart.signals)))
        return GroupView(
            group.id, words(f"group.{group.id}.title"), words(f"group.{group.id}.lead"), tuple(charts), tuple(absent)
        )

    def _chart(self, chart: Chart) -> ChartView | None:
        if chart.kind == "curves":
            return self._curves(chart)
        return family_chart(chart, self._run, self._words, self._moments)

    def _curves(self, chart: Chart, foreign: str | None = None) -> ChartView:
        """Draw curves; `foreign` is the title of a chart that is not in the catalogue."""
        words = self._words
        curves: list[Curve] = [self._curve(name, chart.log) for name in chart.signals]
        levels, notes = self._levels(chart)
        band = self._band(chart.signals)
        if band:
            notes.append(self._band_note(band))
        if any(s.kind == "not finite" for c in curves for s in c.stretches):
            notes.append(words("curves.crosses"))
        if any(s.kind == "zero" for c in curves for s in c.stretches):
            notes.append(words("curves.rings"))
        figure = line_figure(
            curves,
            words,
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
            title=foreign or words(f"chart.{chart.id}.title"),
            reading=words("curves.foreign") if foreign else words(f"chart.{chart.id}.reading"),
            notes=tuple(notes),
            words=tuple(clean(c.words) for c in curves),
            meanings=tuple((clean(n, 80), meaning(n, words)) for n in chart.signals),
            figure=figure,
        )

    def _levels(self, chart: Chart) -> tuple[list[Level], list[str]]:
        manifest, words = self._run.manifest, self._words
        if chart.id == "losses":
            family = manifest.loss_family
            if family is None:
                return [], [words("curves.no_family")]
            levels = [
                Level(level.value, words(f"level.{level.label}"))
                for name, level in EQUILIBRIA[family].items()
                if name in chart.signals
            ]
            return levels, [words(f"equilibrium.{family}")]
        if chart.id == "sample-range" and manifest.data is not None:
            data = manifest.data
            levels = [
                Level(data.minimum, words("level.data_minimum")),
                Level(data.maximum, words("level.data_maximum")),
            ]
            return [level for level in levels if math.isfinite(level.value)], []
        if chart.id == "auc":
            return [Level(0.5, words("level.coin"))], []
        return [], []

    def _band(self, signals: Iterable[str]) -> tuple[float, float] | None:
        found = [self._bands[name] for name in signals if name in self._bands]
        if len(found) != 1:
            return None
        band = (float(found[0].low), float(found[0].high))
        return band if all(map(math.isfinite, band)) else None

    def _why_absent(self, signals: Iterable[str]) -> str:
        missing = self._run.manifest.missing
        reasons = dict.fromkeys(self._words.say(missing[n]) for n in signals if n in missing)
        return clean(" ".join(reasons)) if reasons else self._words("curves.not_recorded")

    def _band_note(self, band: tuple[float, float]) -> str:
        return self._words("curves.band", low=number(band[0]), high=number(band[1]))


def meaning(name: str, words: Language) -> str:
    """Return what a signal is, in one sentence."""
    return words.name("signal", name, SIGNALS[name].meaning) if name in SIGNALS else words("curves.foreign")


def _chart_of(name: str) -> Chart:
    charts = (c for g in GROUPS for c in g.charts if name in c.signals)
    return next(charts, Chart("other", (name,)))
