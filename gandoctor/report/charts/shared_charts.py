"""Charts that several runs share: one signal each, one curve a run, on one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gandoctor.report.charts import palette
from gandoctor.report.charts.chart_list import PANELS, Panel
from gandoctor.report.charts.chart_view import ChartView
from gandoctor.report.charts.curves import in_decades, thin
from gandoctor.report.charts.figures import line_figure
from gandoctor.report.charts.run_charts import meaning
from gandoctor.report.languages.language import Language
from gandoctor.report.text import clean
from gandoctor.store import Run

POINTS = 400
CHARTS_MAX = 24


def shared_charts(runs: Sequence[Run], names: Sequence[str], words: Language, first: str | None) -> list[ChartView]:
    """Return a chart of each signal that at least two runs recorded, at most 24.

    Args:
        runs: The baseline first.
        names: What each is called.
        words: The language of the page.
        first: The signal whose chart comes first; None for the usual order.
    """
    wanted = sorted(_signals(), key=lambda pair: pair[1] != first)
    shared = [(panel, name) for panel, name in wanted if sum(name in run for run in runs) > 1]
    return [_chart(panel, name, runs, names, words) for panel, name in shared[:CHARTS_MAX]]


def _signals() -> Iterator[tuple[Panel, str]]:
    for panels in PANELS.values():
        for panel in panels:
            if panel.chart.kind == "curves":
                yield from ((panel, name) for name in panel.signals)


def _chart(panel: Panel, signal: str, runs: Sequence[Run], names: Sequence[str], words: Language) -> ChartView:
    chart, series = panel.chart, {name: run[signal] for run, name in zip(runs, names, strict=True) if signal in run}
    values = np.concatenate([one.to_numpy(dtype=np.float64) for one in series.values()])
    log = chart.log or (chart.limits is None and in_decades(values))
    styles = {name: palette.RUNS[i % len(palette.RUNS)] for i, name in enumerate(names)}
    curves = [replace(thin(one, words, log, POINTS), label=name, style=styles[name]) for name, one in series.items()]
    kinds = {stretch.kind for curve in curves for stretch in curve.stretches}
    notes = [words("curves.crosses")] if "not finite" in kinds else []
    return ChartView(
        id=f"shared-{signal}",
        title=clean(words.signal(signal), 80),
        reading=meaning(signal, words),
        notes=(*notes, *([words("curves.rings")] if "zero" in kinds else [])),
        words=tuple(clean(f"{curve.label}: {curve.words}") for curve in curves),
        meanings=(),
        figure=line_figure(
            curves,
            words,
            last_step=max(run.last_step for run in runs),
            log=log,
            unit=replace(panel, signals=(signal,)).unit,
            limits=chart.limits,
        ),
    )
