"""Charts of families of signals: layers, quantiles of scores, classes; each with a description in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from gandoctor.diagnosis import Diagnosis
from gandoctor.report.charts.chart_list import Panel
from gandoctor.report.charts.chart_view import ChartView, Table
from gandoctor.report.charts.figures import Moment
from gandoctor.report.charts.grid import grid_of
from gandoctor.report.charts.heat_maps import layer_figure, share_figure
from gandoctor.report.charts.quantile_bands import band_figure, band_of, in_words
from gandoctor.report.languages.language import Language
from gandoctor.report.text import clean, number
from gandoctor.signals import FAMILIES, Kind
from gandoctor.store import Run

ROWS_MAX = 64
"""Layers at most; as many as the monitors record."""

NOTHING = "–"

Series = pd.Series


def is_family(name: str, run: Run) -> bool:
    """Tell whether a name is a family and this run recorded a member of it."""
    return name in FAMILIES and bool(run.family(name))


def family_chart(panel: Panel, diagnosis: Diagnosis, words: Language, moments: Sequence[Moment]) -> ChartView | None:
    """Draw a chart of recorded families; None where what was recorded cannot be drawn.

    Args:
        panel: Its signals are families, of which this run has members.
        diagnosis: The run, and how its real data score.
        words: The language of the page.
        moments: Where findings began.
    """
    return _DRAWN[panel.chart.kind](panel, diagnosis, words, moments)


def _layers(panel: Panel, diagnosis: Diagnosis, words: Language, moments: Sequence[Moment]) -> ChartView:
    run, family = diagnosis.run, panel.signals[0]
    card = run.manifest.discriminator if family.startswith("d_") else run.manifest.generator
    recorded = run.family(family)
    order = dict.fromkeys(layer.address for layer in card.layers) if card is not None else {}
    members = {m: recorded[m] for m in [*(m for m in order if m in recorded), *sorted(set(recorded) - set(order))]}
    members = dict(list(members.items())[:ROWS_MAX])
    grid = grid_of(members)
    notes = [words("heat.crosses")] if grid.lost.any() else []
    if (grid.values <= 0).any():
        notes.append(words("heat.rings"))
    return _view(
        panel,
        words,
        layer_figure(grid, words, last_step=run.last_step, unit=panel.unit, moments=moments),
        notes=tuple(notes),
        words_=(_layers_in_words(members, words),),
        table=_table(words("heat.layer"), members, words),
        # Both players' charts stand side by side.
        height=_height(max(len(members), len(run.family(("g" if family[0] == "d" else "d") + family[1:])))),
    )


def _bands(panel: Panel, diagnosis: Diagnosis, words: Language, moments: Sequence[Moment]) -> ChartView | None:
    run = diagnosis.run
    found = [band_of(family, run.family(family), words) for family in panel.signals]
    bands = [band for band in found if band is not None]
    if not bands:
        return None
    names = [words(f"bands.{band.family.split('_')[1]}") for band in bands]
    lost = any(band.stretches for band in bands)
    return _view(
        panel,
        words,
        band_figure(bands, names, words, last_step=run.last_step, unit=panel.unit, moments=moments),
        notes=(words("bands.how"), *([words("curves.crosses")] if lost else [])),
        words_=tuple(in_words(band, name, words) for band, name in zip(bands, names, strict=True)),
    )


def _shares(panel: Panel, diagnosis: Diagnosis, words: Language, moments: Sequence[Moment]) -> ChartView:
    run, real = diagnosis.run, diagnosis.reference.class_shares
    members = dict(sorted(run.family(panel.signals[0]).items())[:ROWS_MAX])
    last = {member: float(series.iloc[-1]) for member, series in members.items()}
    shown = (f"{clean(m, 40)} {s:.0%}" + (f" ({real[m]:.0%})" if m in real else "") for m, s in last.items())
    step = max(int(series.index[-1]) for series in members.values())
    return _view(
        panel,
        words,
        share_figure(grid_of(members), real, words, last_step=run.last_step, moments=moments),
        notes=(words("heat.left_is_real"),) if real else (),
        words_=(words("heat.shares_with_real" if real else "heat.shares", step=step, shares=", ".join(shown)),),
        table=_table(words("heat.class"), members, words),
        height=_height(len(members)),
    )


def _height(rows: int) -> int:
    return 110 + 19 * min(rows, ROWS_MAX)


_DRAWN: Mapping[Kind, Callable[[Panel, Diagnosis, Language, Sequence[Moment]], ChartView | None]] = {
    "layers": _layers,
    "bands": _bands,
    "shares": _shares,
}


def _view(
    panel: Panel,
    words: Language,
    figure: dict[str, object],
    *,
    notes: tuple[str, ...],
    words_: tuple[str, ...],
    table: Table | None = None,
    height: int | None = None,
) -> ChartView:
    return ChartView(
        id=panel.chart.id,
        title=words.say(panel.chart.title),
        reading=words.say(panel.chart.reading),
        notes=notes,
        words=words_,
        meanings=tuple((f, words.say(FAMILIES[f].meaning)) for f in panel.signals),
        figure=figure,
        table=table,
        height=height,
    )


def _layers_in_words(members: Mapping[str, Series[float]], words: Language) -> str:
    """Describe the largest and the smallest layer at the end, and layers that were ever zero or not finite."""
    last = {m: v for m, series in members.items() if np.isfinite(v := float(series.iloc[-1]))}
    told = []
    if last:
        high, low = max(last, key=lambda m: last[m]), min(last, key=lambda m: last[m])
        step = max(int(series.index[-1]) for series in members.values())
        shown = {"high": number(last[high]), "high_in": clean(high, 80), "low": number(last[low])}
        told.append(words.count("heat.at_the_end", len(members), step=step, low_in=clean(low, 80), **shown))
    for kind, holds in (("lost", _not_finite), ("zero", _zero)):
        where = {m: series.index[mask] for m, series in members.items() if (mask := holds(series)).any()}
        if where:
            first = min(where, key=lambda m: int(where[m][0]))
            told.append(words.count(f"heat.{kind}", len(where), name=clean(first, 80), step=where[first][0]))
    return " ".join(told)


def _not_finite(series: Series[float]) -> np.ndarray:
    return ~np.isfinite(series.to_numpy(dtype=np.float64))


def _zero(series: Series[float]) -> np.ndarray:
    zero: np.ndarray = series.to_numpy(dtype=np.float64) <= 0
    return zero


def _table(what: str, members: Mapping[str, Series[float]], words: Language) -> Table:
    head = [what, *(words(f"heat.{column}") for column in ("first", "last", "lowest", "highest", "not_finite"))]
    rows = []
    for member, series in members.items():
        good = series[~_not_finite(series)]
        lost = series.index[_not_finite(series)]
        cells = [NOTHING] * 4
        if len(good):
            values = good.to_numpy()
            cells = [_cell(good, i, words) for i in (0, -1, int(values.argmin()), int(values.argmax()))]
        gone = words.count("heat.lost_from", len(lost), step=lost[0]) if len(lost) else NOTHING
        rows.append((clean(member, 120), *cells, gone))
    return Table(tuple(head), tuple(rows))


def _cell(series: Series[float], i: int, words: Language) -> str:
    return words("heat.value_at", value=number(series.iloc[i]), step=series.index[i])
