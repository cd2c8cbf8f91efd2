"""The page of a comparison: what differs in how runs were made, in what was found, in their curves and samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gandoctor.comparison.side_by_side import SideBySide
from gandoctor.diagnosis import Diagnosis
from gandoctor.report.charts.shared_charts import shared_charts
from gandoctor.report.languages.language import Language, language
from gandoctor.report.page.filmstrip import Frame, filmstrip
from gandoctor.report.page.page import standalone
from gandoctor.report.page.sections.verdict import ICONS
from gandoctor.report.text import clean, number

DIFFERENCES_MAX = 200


@dataclass(frozen=True)
class RunView:
    """One run, ready to be shown.

    Attributes:
        frame: Its samples at the last step that all runs have reached; None where there are none.
        quality: How far they are from the real data; "" where that was not measured.
        ratio: The same over the baseline's.
    """

    name: str
    path: str
    verdict: str
    icon: str
    sentence: str
    steps: str
    frame: Frame | None
    quality: str
    ratio: str


def comparison_page(compared: SideBySide, lang: str = "en") -> str:
    """Return a page that needs no network.

    Raises:
        GandoctorError: There is no such language.
    """
    words = language(lang)
    runs, quality = [one.run for one in compared.runs], compared.quality
    charts = shared_charts(runs, compared.names, words, quality.signal if quality is not None else None)
    views = [_view(compared, i, one, words) for i, one in enumerate(compared.runs)]
    values: Mapping[str, object] = {
        "views": views,
        "differences": compared.differences[:DIFFERENCES_MAX],
        "left_out": max(0, len(compared.differences) - DIFFERENCES_MAX),
        "found": compared.found,
        "quality": clean(words.signal(quality.signal)) if quality is not None else None,
        "until": f"{compared.until:,}",
        "notes": [clean(words.say(note), 1_000) for note in compared.notes],
        "charts": charts,
    }
    return standalone(
        "compare.html.j2",
        words,
        values,
        {chart.id: chart.figure for chart in charts},
        max(run.last_step for run in runs),
    )


def _view(compared: SideBySide, i: int, one: Diagnosis, words: Language) -> RunView:
    quality, frames = compared.quality, filmstrip(one.run.until(compared.until), [], sheets=2).frames
    value, ratio = (quality.values[i], quality.ratios[i]) if quality is not None else (None, None)
    return RunView(
        clean(compared.names[i], 80),
        clean(one.run.path),
        one.verdict,
        ICONS[one.verdict],
        clean(words.say(one.sentence), 600),
        f"{one.run.last_step:,}",
        frames[-1] if frames else None,
        "" if value is None else number(value),
        "" if ratio is None else number(ratio),
    )
