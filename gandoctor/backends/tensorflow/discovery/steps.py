"""Where a step of a hand-written loop ends, told by the order in which its players are updated."""

from __future__ import annotations

from typing import Any

from gandoctor.backends.tensorflow.discovery.traces import (
    current_graph,
    is_first_replica,
    is_probing,
    outermost_graph,
    runs_repeatedly,
)
from gandoctor.player_names import OTHER, Player


class StepCycle:
    """A step is one round of the game: the player that is updated first, as often as it is, then the other one.

    How often the second player is updated in a round is learned from the rounds before: a step that ends too early
    gives the rest of its updates to the next one.

    Attributes:
        opener: The player that is updated first; None before the first update.
    """

    def __init__(self) -> None:
        self.opener: Player | None = None
        self._closings = 0  # updates of the second player since the first was updated
        self._expected = 1

    def updated(self, player: Player) -> bool:
        """Take note of an update; tell whether it ends a step."""
        if self.opener is None:
            self.opener = player
        if player == self.opener:
            if self._closings:
                self._expected = self._closings
            self._closings = 0
            return False
        self._closings += 1
        return self._closings == self._expected

    @property
    def closer(self) -> Player | None:
        """The player that is updated last."""
        return None if self.opener is None else OTHER[self.opener]


class InGraphSteps:
    """Steps of a graph that goes round by itself, a whole epoch in one `tf.function`: they end inside the graph."""

    def __init__(self) -> None:
        self._cycles: dict[int, StepCycle] = {}
        self._seen: list[Any] = []  # kept alive, so that their ids stay their own
        self._counting: set[int] = set()

    def updated(self, player: Player) -> bool:
        """Take note of an update that is being traced; tell whether it ends a step that only the graph can count."""
        graph = current_graph()
        if graph is None or is_probing(graph) or not is_first_replica():
            return False
        whole = outermost_graph(graph)
        if id(whole) not in self._cycles:
            self._cycles[id(whole)] = StepCycle()
            self._seen.append(whole)
        if self._cycles[id(whole)].updated(player) and runs_repeatedly(graph):
            self._counting.add(id(whole))
            return True
        return False

    def counts(self, graph: Any) -> bool:
        """Tell whether a graph counts its own steps."""
        return id(graph) in self._counting
