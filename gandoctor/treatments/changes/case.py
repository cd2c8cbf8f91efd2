"""Case: what of a run a treatment has to know, and Change: what it comes to there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandoctor.message import Message
from gandoctor.player_names import SLOTS, Player
from gandoctor.printable import printable
from gandoctor.store import LayerCard, PlayerCard, Run
from gandoctor.treatments.changes.spelling import Spelling, spelling_of
from gandoctor.treatments.edit import Edit

NAME_MAX = 120
"""Characters of a layer's address that are shown."""
_AS_SET = 0.01
"""Relative difference up to which a recorded rate is the one that was set: a decay of the first steps is smaller."""


@dataclass(frozen=True)
class Change:
    """What a treatment changes in one run.

    Attributes:
        edits: Edit by edit; empty where it can only be described.
        title: The change in one imperative line with the run's own values; None for the treatment's own title.
        patch: Settings that make it where the target takes such settings, as `Treatment.patch`; None for its own.
        source: Id of the treatment whose evidence supports it; None for the treatment's own.
    """

    edits: tuple[Edit, ...] = ()
    title: Message | None = None
    patch: Mapping[str, Any] | None = None
    source: str | None = None


@dataclass(frozen=True)
class Case:
    """A run, and what is to be treated in it.

    Attributes:
        run: The run.
        causes: Ids of the hypotheses the treatment is to answer.
        layers: The layers that the findings name, as "generator/PATH/NAME".
        first_step: First step of what was found; None where nothing was.
    """

    run: Run
    causes: frozenset[str] = frozenset()
    layers: tuple[str, ...] = ()
    first_step: int | None = None

    @property
    def spelling(self) -> Spelling:
        """The words of the run's framework."""
        return spelling_of(self.run)

    def card(self, player: Player) -> PlayerCard | None:
        """Return a player's model card."""
        card: PlayerCard | None = getattr(self.run.manifest, SLOTS[player])
        return card

    def layer_cards(self, player: Player, *types: str) -> Iterator[LayerCard]:
        """Yield the layers of a player whose type begins with one of `types`."""
        card = self.card(player)
        yield from (layer for layer in (card.layers if card else ()) if layer.type.startswith(types))

    def named(self, player: Player) -> list[LayerCard]:
        """Return the layers of a player that the findings name, in the order of the network."""
        card = self.card(player)
        return [layer for layer in (card.layers if card else ()) if f"{SLOTS[player]}/{layer.address}" in self.layers]

    def rate(self, player: Player) -> float | None:
        """Return the learning rate a player trained with, as it was set; None where it is not known.

        That is the rate recorded since the finding began; the model card's where both are the same but for a decay.
        """
        card = self.card(player)
        optimizer = card.optimizer if card is not None else {}
        schedule = optimizer.get("schedule")
        set_: list[Any] = [schedule.get("initial_learning_rate")] if isinstance(schedule, Mapping) else []
        known = [float(rate) for rate in (*set_, optimizer.get("learning_rate")) if _is_number(rate)]
        recorded = self.recorded(f"{player}_learning_rate")
        if recorded is None:
            return known[-1] if known else None
        return next((rate for rate in known if math.isclose(rate, recorded, rel_tol=_AS_SET)), float(f"{recorded:.3g}"))

    def recorded(self, signal: str) -> float | None:
        """Return the median of a signal since the finding began; None where it was not recorded."""
        if signal not in self.run:
            return None
        values = self.run[signal]
        values = values[np.isfinite(values)]
        since = values[values.index >= (self.first_step or 0)]
        values = since if len(since) else values
        return float(values.median()) if len(values) else None


def name_of(layer: LayerCard) -> str:
    """Return a layer's address as it may stand in a line of code: the model card is not trusted."""
    return " ".join(printable(layer.address, NAME_MAX).split())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
