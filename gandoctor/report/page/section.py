"""What a section of the page is, and what it is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.course import Course, course_of
from gandoctor.report.charts.chart_view import ChartView
from gandoctor.report.charts.figures import Moment
from gandoctor.report.charts.run_charts import Charts, moments_of
from gandoctor.report.languages.language import Language
from gandoctor.report.page.filmstrip import Filmstrip, filmstrip
from gandoctor.report.page.findings import FindingView, finding_view
from gandoctor.report.page.sheets import with_repeats
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
    def course(self) -> Course | None:
        """How the samples' quality went; a step within the failure that is named is not called the best one."""
        course = course_of(self.run, self.diagnosis.reference.bands, self.diagnosis.detected)
        first = self.diagnosis.headline.first_step if self.diagnosis.headline is not None else None
        if course is None or first is None or course.best_step is None or course.best_step < first:
            return course
        return replace(course, best_step=None)

    @cached_property
    def strip(self) -> Filmstrip:
        """The contact sheets that are embedded."""
        first = self.diagnosis.headline.first_step if self.diagnosis.headline is not None else None
        before = [sheet.step for sheet in self.run.sheets if first is not None and sheet.step < first]
        best = self.course.best_step if self.course is not None else None
        moments = [*before[-1:], *([best] if best is not None else []), *(m.step for m in self.moments)]
        return with_repeats(self.run, filmstrip(self.run, moments))


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
        id: Stable slug: its address in the page.
        place: Sections stand in rising order.
        show: What it shows; None leaves it out.
        tab: The tab it stands in, folded at first; `tab.TAB` is among the page's words. None: always shown.
        of_games: Whether it belongs to the page of a run of several games, and to that only.
    """

    id: str
    place: int
    show: Callable[[Source], Shown | None]
    tab: str | None = None
    of_games: bool = False
