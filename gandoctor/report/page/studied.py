"""The page of a study: what can be said of each change, every seed as a point, and the course of the quality."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gandoctor.comparison.study import BASE, Effect, Study, Trained
from gandoctor.report.charts import palette
from gandoctor.report.charts.chart_list import panel_of
from gandoctor.report.charts.chart_view import ChartView
from gandoctor.report.charts.curves import in_decades, thin
from gandoctor.report.charts.figures import line_figure
from gandoctor.report.charts.run_charts import meaning
from gandoctor.report.languages.language import Language, language
from gandoctor.report.page.page import standalone
from gandoctor.report.text import clean, duration, number

CURVES_MAX = 24
REACH_MIN = math.log(2)
"""The axis of the points reaches at least from half to twice the base's distance."""


@dataclass(frozen=True)
class EffectView:
    """What a change did, ready to be shown.

    Attributes:
        points: Where each seed's ratio lies on the axis, in percent, and its words.
        mean: Where their mean lies; None without one.
        span: Where the interval begins and how long it is, in percent; None without one.
        at: The mean ratio at each look; "" where it was not reached.
    """

    name: str
    conclusion: str
    points: tuple[tuple[float, str], ...]
    mean: float | None
    span: tuple[float, float] | None
    at: tuple[str, ...]


def study_page(study: Study, lang: str = "en") -> str:
    """Return a page that needs no network.

    Raises:
        GandoctorError: There is no such language.
    """
    words = language(lang)
    finite = [abs(v) for effect in study.effects for v in effect.ratios.values() if math.isfinite(v)]
    reach = max([REACH_MIN, *finite]) * 1.1
    chart = _course(study, words)
    values: Mapping[str, object] = {
        "target": clean(study.target),
        "quality": clean(words.signal(study.signal)) if study.signal is not None else None,
        "looks": [f"{look:,}" for look in study.looks],
        "effects": [_view(effect, study, reach, words) for effect in study.effects],
        "gaps": _gaps(study),
        "low": number(math.exp(-reach)),
        "high": number(math.exp(reach)),
        "notes": [clean(words.say(note), 1_000) for note in study.notes],
        "runs": [(one, study.qualities(one.arm).get(one.seed)) for one in study.trained],
        "trained": study.runs,
        "steps": f"{sum(one.steps for one in study.trained):,}",
        "time": duration(study.seconds, words),
        "charts": [chart] if chart is not None else [],
    }
    figures = {chart.id: chart.figure} if chart is not None else {}
    return standalone("study.html.j2", words, values, figures, max((one.steps for one in study.trained), default=0))


def _view(effect: Effect, study: Study, reach: float, words: Language) -> EffectView:
    def place(value: float) -> float:
        return round(50 + 50 * max(-1.0, min(1.0, value / reach)), 2)

    interval = effect.interval
    at = [list(effect.at.get(look, {}).values()) for look in study.looks]
    return EffectView(
        clean(effect.arm.name, 120),
        clean(words.say(effect.conclusion)),
        tuple(
            (place(value), words("study.point", seed=seed, ratio=number(_exp(value))))
            for seed, value in effect.ratios.items()
        ),
        place(effect.mean) if effect.mean is not None else None,
        (place(interval[0]), place(interval[1]) - place(interval[0])) if interval is not None else None,
        tuple(number(_exp(float(np.mean(values)))) if values else "" for values in at),
    )


def _gaps(study: Study) -> list[tuple[str, list[str]]]:
    """Return each arm's name and, look by look, the duality gap of every seed; empty where none was measured."""
    rows = []
    for arm in (BASE, *(effect.arm for effect in study.effects)):
        by_seed = [study.gaps(one) for one in study.trained if one.arm == arm]
        told = [", ".join(number(gaps[look]) for gaps in by_seed if look in gaps) for look in study.looks]
        if any(told):
            rows.append((clean(arm.name, 120), told))
    return rows


def _exp(value: float) -> float:
    return math.exp(value) if math.isfinite(value) else value


def _course(study: Study, words: Language) -> ChartView | None:
    """Return the quality over steps, one curve a run, the colour of its change."""
    shown = [one for one in study.trained if one.run is not None and (study.signal or "") in one.run][:CURVES_MAX]
    if not shown or study.signal is None:
        return None
    arms = list(dict.fromkeys([BASE, *(one.arm for one in shown)]))
    series = [one.run[study.signal] for one in shown if one.run is not None]
    log = in_decades(np.concatenate([one.to_numpy(dtype=np.float64) for one in series]))
    curves = [
        replace(
            thin(values, words, log, 200),
            label=_label(one),
            style=palette.RUNS[arms.index(one.arm) % len(palette.RUNS)],
        )
        for one, values in zip(shown, series, strict=True)
    ]
    return ChartView(
        id="study-quality",
        title=clean(words.signal(study.signal), 80),
        reading=meaning(study.signal, words),
        notes=(),
        words=tuple(clean(f"{curve.label}: {curve.words}") for curve in curves),
        meanings=(),
        figure=line_figure(
            curves,
            words,
            last_step=max(one.steps for one in shown),
            log=log,
            unit=replace(panel_of(study.signal), signals=(study.signal,)).unit,
        ),
        height=420,
    )


def _label(one: Trained) -> str:
    return f"{one.arm.name}, {one.seed}"
