"""What the vocabulary says of a signal, and of the chart it is drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gandoctor.message import Message

Cadence = Literal["step", "probe"]
Kind = Literal["curves", "layers", "bands", "shares"]
Colour = Literal["discriminator", "generator", "real", "holdout", "fake", "plain"]
"""Whose number it is; the report gives each its colour."""
Dash = Literal["solid", "dash", "dot"]


@dataclass(frozen=True)
class Group:
    """Charts under one heading of the report.

    Attributes:
        id: Stable slug, used in addresses.
        title: The heading.
        lead: What the charts below it have in common.
    """

    id: str
    title: Message
    lead: Message


@dataclass(frozen=True)
class Chart:
    """One chart of the report; the signals that name it are drawn in it together.

    Attributes:
        id: Stable slug, used in addresses.
        group: Heading it stands under.
        title: Its own heading.
        reading: How to read its shape, in a few short sentences.
        unit: Label of the vertical axis; None takes that of its signals.
        log: Logarithmic vertical axis.
        limits: Fixed vertical axis; None fits the curves.
        kind: How it is drawn: as curves; of families, the layers as a heat map, quantiles as bands, or shares as a
            heat map beside those of the real data.
    """

    id: str
    group: Group
    title: Message
    reading: Message
    unit: Message | None = None
    log: bool = False
    limits: tuple[float, float] | None = None
    kind: Kind = "curves"


@dataclass(frozen=True)
class Signal:
    """One recordable number.

    Attributes:
        name: Column name in the store.
        unit: Unit; None for a pure number.
        meaning: One sentence for a reader who does not know the field.
        cadence: "step" is recorded every step, "probe" every few steps within the overhead budget.
        chart: Where it is drawn.
        colour: Whose number it is.
        dash: Line style, which tells apart two curves of one colour.
        is_family: It exists once a member (a layer's name, a digit, a percentage), recorded as "family/member".
    """

    name: str
    unit: Message | None
    meaning: Message
    cadence: Cadence
    chart: Chart
    colour: Colour = "discriminator"
    dash: Dash = "solid"
    is_family: bool = False
