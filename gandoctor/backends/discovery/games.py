"""Several games: whether further pairs of players are yet to show in an eager loop, which updates them one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gandoctor.backends.discovery.networks import NetworkCall, Networks
from gandoctor.backends.discovery.pairs import Pair, SeenUpdate, edges_of


class FurtherGames:
    """Waits until every network that may be a discriminator has been trained, or the updates have gone round once.

    Args:
        networks: Of the framework.

    Attributes:
        is_waiting: Whether pairs are known and further ones are awaited.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self.is_waiting = False
        self._first: SeenUpdate | None = None

    def are_awaited(self, pairs: list[Pair], calls: list[NetworkCall], update: SeenUpdate) -> bool:
        """Tell whether to wait.

        Args:
            pairs: Those that are known; at least one.
            calls: Calls of networks, in order.
            update: The one that is about to be made; the same object each time it is made.
        """
        known, contains = [pair.discriminator for pair in pairs], self._networks.contains
        has_come_round = self._first is update
        self._first = self._first or update
        self.is_waiting = not has_come_round and any(
            not any(judge is d or contains(judge, d) or contains(d, judge) for d in known)
            for judge in self._possible_judges(calls)
        )
        return self.is_waiting

    def _possible_judges(self, calls: Iterable[NetworkCall]) -> list[Any]:
        """Return the networks that may be trained, that another's output enters and whose own enters none."""
        known, networks = list(calls), self._networks
        flows = [(call, networks.sources(call, known)) for call in known if networks.weights(call.network)]
        edges = edges_of(flows, networks)
        makers = [source for source, _ in edges]
        return [
            judge
            for _, judge in edges
            if networks.is_trainable(judge) and not any(judge is m or networks.contains(m, judge) for m in makers)
        ]
