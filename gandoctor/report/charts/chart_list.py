"""Which signals of a run are drawn together; the vocabulary says in which chart each belongs."""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.signals import FAMILIES, GROUPS, SIGNALS, Chart, Group, charts_of

OTHER = Group(
    "other",
    Message("Other recorded signals"),
    Message("Scalars that this training recorded beyond gandoctor's own signals."),
)
FOREIGN = Message("Recorded by this training; not one of gandoctor's own signals.")
"""What is known of a signal outside the vocabulary."""


@dataclass(frozen=True)
class Level:
    """A horizontal line that gives a curve its meaning.

    Attributes:
        value: Where it lies.
        label: What is written at it.
    """

    value: float
    label: str


@dataclass(frozen=True)
class Panel:
    """A chart and the signals drawn in it.

    Attributes:
        chart: How it is drawn and read.
        signals: Curves, in drawing order, or families of signals.
    """

    chart: Chart
    signals: tuple[str, ...]

    @property
    def unit(self) -> Message | None:
        """Of the vertical axis; None for a pure number, or where it is not known."""
        first = SIGNALS.get(self.signals[0]) or FAMILIES.get(self.signals[0])
        return self.chart.unit or (first.unit if first is not None else None)


PANELS: dict[Group, tuple[Panel, ...]] = {
    group: tuple(Panel(chart, tuple(s.name for s in signals)) for chart, signals in charts_of(group).items())
    for group in GROUPS
}
"""Every chart of the vocabulary under its heading, in drawing order."""


def panel_of(signal: str) -> Panel:
    """Return the panel that a signal is drawn in."""
    panels = (panel for group in PANELS.values() for panel in group if signal in panel.signals)
    return next(panels, None) or foreign_panel(signal, "other")


def foreign_panel(signal: str, id_: str) -> Panel:
    """Return a panel for a signal outside the vocabulary."""
    return Panel(Chart(id_, OTHER, Message("{signal}", signal=signal), FOREIGN), (signal,))
