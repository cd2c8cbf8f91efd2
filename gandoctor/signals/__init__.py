"""The vocabulary: every signal a monitor can record, its unit, its meaning, its chart and how often it can be had.

A signal that was not captured is absent from the store: never 0.0 and never NaN. NaN means training produced NaN.
A signal that exists once a layer, a class or a percentage is a family: its columns are named "family/member"
(`member_of`).
Sample statistics are taken on images rescaled by the real data's range, so that 0 is the darkest and 1 the brightest
value of the user's own data.
"""

from __future__ import annotations

from gandoctor.signals import columns, discriminator, labels, layers, pairs, samples, training, updates, variety
from gandoctor.signals.groups import GROUPS
from gandoctor.signals.signal import Cadence, Chart, Colour, Dash, Group, Kind, Signal

__all__ = [
    "FAMILIES",
    "GROUPS",
    "SIGNALS",
    "Cadence",
    "Chart",
    "Colour",
    "Dash",
    "Group",
    "Kind",
    "Signal",
    "cadence_of",
    "charts_of",
    "member_of",
    "signal_of",
]

_ALL = (
    *training.LOSSES,
    *training.EQUILIBRIUM,
    *training.INPUTS,
    *updates.GRADIENTS,
    *updates.UPDATES,
    *layers.LAYERS,
    *discriminator.SIGNALS,
    *samples.TEXTURE,
    *variety.SIGNALS,
    *columns.COLUMNS,
    *columns.SERIES,
    *samples.VALUES,
    *labels.SIGNALS,
    *pairs.SIGNALS,
)

SIGNALS: dict[str, Signal] = {s.name: s for s in _ALL if not s.is_family}
"""Every signal by name, in the order a reader wants them."""

FAMILIES: dict[str, Signal] = {s.name: s for s in _ALL if s.is_family}
"""Signals that exist once a member (a layer's name, a digit, a percentage), recorded as "family/member"."""


def charts_of(group: Group) -> dict[Chart, tuple[Signal, ...]]:
    """Return the charts of a group, each with its signals, in drawing order."""
    charts: dict[Chart, tuple[Signal, ...]] = {}
    for signal in _ALL:
        if signal.chart.group is group:
            charts[signal.chart] = (*charts.get(signal.chart, ()), signal)
    return charts


def member_of(family: str, member: str) -> str:
    """Return the column name of a family's member, e.g. "g_layer_grad_norm/dense"."""
    return f"{family}/{member}"


def signal_of(column: str) -> Signal | None:
    """Return the signal, or the family, that a column belongs to; None where it is not of this vocabulary."""
    return SIGNALS.get(column) or FAMILIES.get(column.partition("/")[0])


def cadence_of(column: str) -> Cadence:
    """Return how often a column is filled; one that is not of this vocabulary is taken for one of every step."""
    signal = signal_of(column)
    return signal.cadence if signal is not None else "step"
