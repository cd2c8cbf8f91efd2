"""Steps of a graph that goes round by itself: where they end is told by the order of the updates in it."""

from __future__ import annotations

from typing import Any

from gandoctor.backends.discovery.cycle import StepCycle
from gandoctor.backends.tensorflow.discovery.traces import (
    current_graph,
    is_first_replica,
    is_probing,
    outermost_graph,
    runs_repeatedly,
)
from gandoctor.player_names import Player


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
