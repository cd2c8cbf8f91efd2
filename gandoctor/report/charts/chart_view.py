"""A chart ready for the page: its figure and a description in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """What a chart shows, as a table.

    Attributes:
        head: Of each column.
        rows: Cells; the first of a row names it.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ChartView:
    """One chart, ready for the page.

    Attributes:
        id: Unique in the page.
        title: Heading.
        reading: What the shape means.
        notes: Further sentences, e.g. the equilibrium.
        words: Each curve in words; the first one is what is said in place of the picture.
        meanings: (signal, what it is).
        figure: Plotly's JSON.
        table: What curves in words would be too long for.
        height: Of the figure in pixels; None leaves it to the page.
    """

    id: str
    title: str
    reading: str
    notes: tuple[str, ...]
    words: tuple[str, ...]
    meanings: tuple[tuple[str, str], ...]
    figure: dict[str, Any]
    table: Table | None = None
    height: int | None = None


@dataclass(frozen=True)
class GroupView:
    """Charts under one heading; `absent` names those for which nothing was recorded, by reason."""

    id: str
    title: str
    lead: str
    charts: tuple[ChartView, ...]
    absent: tuple[tuple[tuple[str, ...], str], ...]
