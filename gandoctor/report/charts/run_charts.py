"""The charts of one run: the curve section and the chart under each piece of evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.loss_families import OBJECTIVES, Objective
from gandoctor.report.charts.chart_list import FOREIGN, OTHER, PANELS, Level, Panel, foreign_panel, panel_of
from gandoctor.report.charts.chart_view import ChartView, GroupView
from gandoctor.report.charts.curves import Curve, in_decades, thin
from gandoctor.report.charts.family_charts import family_chart, is_family
from gandoctor.report.charts.figures import Moment, Span, line_figure
from gandoctor.report.languages.language import Language
from gandoctor.report.text import clean, number
from gandoctor.rules import Evidence, Finding, warm_up_end
from gandoctor.signals import GROUPS, SIGNALS, Group

EVIDENCE_CHARTS = 3
OTHER_MAX = 24


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
        diagnosis: The run, its findings, and how its real data score.
        words: The language of the page.
    """

    def __init__(self, diagnosis: Diagnosis, words: Language) -> None:
        self._words = words
        self._diagnosis = diagnosis
        self._run = self.run = diagnosis.run
        self._bands = diagnosis.reference.bands
        self._moments = moments_of(diagnosis)
        self._curve = cache(lambda name, log: thin(self._run[name], words, log))

    def groups(self) -> list[GroupView]:
        """Return the whole curve section; signals outside the vocabulary come last."""
        shown = {name for panels in PANELS.values() for panel in panels for name in panel.signals}
        others = [name for name in self._run.names if not shown & {name, name.partition("/")[0]}]
        groups = [self._group(group) for group in GROUPS]
        if others:
            words = self._words
            views = [self._curves(foreign_panel(n, f"other-{i}")) for i, n in enumerate(others[:OTHER_MAX])]
            lead = [words.say(OTHER.lead)]
            if len(others) > OTHER_MAX:
                lead.append(words("curves.more_others", limit=OTHER_MAX, n=len(others)))
            groups.append(GroupView(OTHER.id, words.say(OTHER.title), " ".join(lead), tuple(views), ()))
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
        panel, words = panel_of(name), self._words
        if panel.chart.kind != "curves":
            view = family_chart(replace(panel, signals=(name,)), self._diagnosis, words, self._moments)
            if view is None:
                return None
            told = tuple(clean(words.say(e.statement)) for e in evidence[:20])
            return replace(view, id=f"{finding.rule.id}-{i}", words=(*view.words, *told), meanings=())
        values = [e.threshold for e in evidence if e.threshold is not None] + [e.observed for e in evidence]
        # A zero that matters (a contract) cannot be seen on a logarithmic axis.
        log = (panel.chart.log or self._in_decades((name,))) and all(v > 0 for v in values if math.isfinite(v))
        lines = {e.threshold: e for e in evidence if e.threshold is not None and math.isfinite(e.threshold)}
        curve = self._curve(name, log)
        band = self._band((name,))
        figure = line_figure(
            [curve],
            words,
            last_step=self._run.last_step,
            log=log,
            unit=panel.unit,
            levels=[Level(t, limit_label(finding.rule.id, lines[t], words)) for t in sorted(lines)],
            band=band,
            spans=[Span(e.first_step, e.last_step, e.observed) for e in evidence[:20]],
        )
        seen = any(math.isfinite(e.observed) for e in evidence)
        notes = [words("curves.shaded_observed" if seen else "curves.shaded")]
        if any(s.kind == "not finite" for s in curve.stretches):
            notes.append(words("curves.crosses"))
        if lines:
            notes.append(words("curves.dashed"))
        if band:
            notes.append(self._band_note(band))
        return ChartView(
            id=f"{finding.rule.id}-{i}",
            title=clean(words.signal(name), 80),
            reading=meaning(name, words),
            notes=tuple(notes),
            words=(clean(curve.words), *(clean(words.say(e.statement)) for e in evidence[:20])),
            meanings=(),
            figure=figure,
        )

    def _group(self, group: Group) -> GroupView:
        charts, words = [], self._words
        absent: dict[str, list[str]] = {}  # why -> titles: what one reason keeps away takes one line
        for panel in PANELS[group]:
            is_curve = panel.chart.kind == "curves"
            there = self._run.__contains__ if is_curve else lambda name: is_family(name, self._run)
            present = tuple(name for name in panel.signals if there(name))
            view = self._chart(replace(panel, signals=present)) if present else None
            if view is not None:
                charts.append(view)
            else:
                absent.setdefault(self._why_absent(panel.signals), []).append(words.say(panel.chart.title))
        left_out = tuple((tuple(titles), why) for why, titles in absent.items())
        return GroupView(group.id, words.say(group.title), words.say(group.lead), tuple(charts), left_out)

    def _chart(self, panel: Panel) -> ChartView | None:
        if panel.chart.kind == "curves":
            return self._curves(panel)
        return family_chart(panel, self._diagnosis, self._words, self._moments)

    def _curves(self, panel: Panel) -> ChartView:
        words, chart = self._words, panel.chart
        log = chart.log or (chart.limits is None and self._in_decades(panel.signals))
        curves: list[Curve] = [self._curve(name, log) for name in panel.signals]
        levels, notes = self._levels(panel)
        band = self._band(panel.signals)
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
            log=log,
            unit=panel.unit,
            limits=chart.limits,
            levels=levels,
            band=band,
            moments=self._moments,
            warm_up=warm_up_end(self._run) if chart.id == "losses" else None,
        )
        return ChartView(
            id=chart.id,
            title=clean(words.say(chart.title), 80),
            reading=words.say(chart.reading),
            notes=tuple(notes),
            words=tuple(clean(c.words) for c in curves),
            meanings=tuple((clean(n, 80), meaning(n, words)) for n in panel.signals),
            figure=figure,
        )

    def _in_decades(self, signals: Iterable[str]) -> bool:
        return in_decades(np.concatenate([self._run[name].to_numpy(dtype=np.float64) for name in signals]))

    def _levels(self, panel: Panel) -> tuple[list[Level], list[str]]:
        manifest, words = self._run.manifest, self._words
        if panel.chart.id == "losses":
            family = manifest.loss_family
            if family is None:
                return [], [words("curves.no_family")]
            return self._equilibria(OBJECTIVES[family], panel.signals), [words(f"equilibrium.{family}")]
        if panel.chart.id == "sample-range" and manifest.data is not None:
            data = manifest.data
            levels = [
                Level(data.minimum, words("level.data_minimum")),
                Level(data.maximum, words("level.data_maximum")),
            ]
            return [level for level in levels if math.isfinite(level.value)], []
        if panel.chart.id == "auc":
            return [Level(0.5, words("level.coin"))], []
        return [], []

    def _equilibria(self, objective: Objective, signals: Iterable[str]) -> list[Level]:
        known = {"d_loss": objective.d_equilibrium, "g_loss": objective.g_equilibrium}
        values = {name: value for name, value in known.items() if name in signals and value is not None}
        same = objective.d_equilibrium == objective.g_equilibrium
        return [
            Level(value, self._words(f"level.{'' if same else f'{name[0]}_'}equilibrium", value=number(value)))
            for name, value in values.items()
        ]

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


def limit_label(rule: str, evidence: Evidence, words: Language) -> str:
    """Return what the line of a piece of evidence is: from where on the rule finds something, and on which side."""
    limit = math.nan if evidence.threshold is None else evidence.threshold
    what = number(limit)
    if evidence.threshold_is is not None:
        what = words("level.named", what=words.say(evidence.threshold_is), value=what)
    side = "above" if evidence.observed > limit else "below" if evidence.observed < limit else "at"
    return words(f"level.{side}", rule=rule, limit=what)


def meaning(name: str, words: Language) -> str:
    """Return what a signal is, in one sentence."""
    return words.say(SIGNALS[name].meaning if name in SIGNALS else FOREIGN)
