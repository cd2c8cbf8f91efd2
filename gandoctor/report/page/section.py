"""What a section of the page is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from gandoctor.diagnosis import Diagnosis
from gandoctor.report.charts.chart_view import ChartView
from gandoctor.report.charts.figures import Moment
from gandoctor.report.charts.run_charts import Charts, moments_of
from gandoctor.report.languages.language import Language
from gandoctor.report.page.filmstrip import Filmstrip, filmstrip
from gandoctor.report.page.findings import FindingView, finding_view
from gandoctor.store import Run


@dataclass(frozen=True)
class Source:
    """What sections are made from; what several of them show is made once.

    Attributes:
        diagnosis: What to show.
        words: The page's language.
        pages: Name -> address of the page of each game, where a run has several.
    """

    diagnosis: Diagnosis
    words: Language
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def run(self) -> Run:
        """The run that was judged."""
        return self.diagnosis.run

    @cached_property
    def charts(self) -> Charts:
        """The run's charts."""
        return Charts(self.diagnosis, self.words)

    @cached_property
    def moments(self) -> list[Moment]:
        """Where findings began."""
        return moments_of(self.diagnosis)

    @cached_property
    def findings(self) -> list[FindingView]:
        """The detected findings, ready to be shown."""
        return [finding_view(f, self.charts, self.run.last_step) for f in self.diagnosis.detected]

    @cached_property
    def strip(self) -> Filmstrip:
        """The contact sheets that are embedded."""
        return filmstrip(self.run, [m.step for m in self.moments])


@dataclass(frozen=True)
class Shown:
    """What one section shows of one run.

    Attributes:
        values: By the names its template uses.
        charts: Charts it draws.
    """

    values: Mapping[str, Any]
    charts: Iterable[ChartView] = field(default=())


@dataclass(frozen=True)
class Section:
    """A section of the page; its template is `templates/sections/ID.html.j2`.

    Attributes:
        id: Stable slug: its address in the page, and `nav.ID` among the page's words.
        place: Sections stand in rising order.
        show: What it shows; None leaves it out.
        in_nav: Whether the page's navigation leads to it.
        of_games: Whether it belongs to the page of a run of several games, and to that only.
    """

    id: str
    place: int
    show: Callable[[Source], Shown | None]
    in_nav: bool = True
    of_games: bool = False
