"""LeftOut: weights that a player's loss is differentiated by, and that no optimizer moves."""

from __future__ import annotations

from typing import Any

import torch

from gandoctor.backends.torch.weights import Weights
from gandoctor.player_names import Player
from gandoctor.store.player_card import LeftOutCard

LOOKS = 3
"""Losses, or batches of samples, whose graphs are searched."""
NODES_MAX = 50_000
NAMES_MAX = 8
LEAST_UPDATES = 50
"""Updates of a player after which an optimizer that has not been called is taken not to exist."""


class LeftOut:
    """Compares what the first graphs end in with what all optimizers hold.

    Of the discriminator its loss is searched, where it does not reach the generator: networks beside it that judge as
    well are found, too. Of the generator its output is: its loss goes through other networks, which are not to move.

    Args:
        weights: Tells whose a parameter is.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._looks: dict[Player, int] = {"g": 0, "d": 0}
        self._updates: dict[Player, int] = {"g": 0, "d": 0}
        self._reached: dict[Player, dict[int, torch.Tensor]] = {"g": {}, "d": {}}
        self._held: dict[int, torch.Tensor] = {}
        self._optimizers: set[int] = set()

    def differentiated(self, owner: Player, loss: torch.Tensor) -> None:
        """A loss has been differentiated; the discriminator's own is searched."""
        if owner == "d":
            self._search("d", loss)

    def generated(self, output: torch.Tensor) -> None:
        """The generator has returned something in a step."""
        self._search("g", output)

    def stepped(self, optimizer: Any, phase: Player | None) -> None:
        """Some optimizer is about to move what it holds."""
        if phase is not None:
            self._updates[phase] += 1
        count = sum(len(group["params"]) for group in optimizer.param_groups)
        key = hash((id(optimizer), count))  # groups may be added
        if key not in self._optimizers:
            self._optimizers.add(key)
            self._held |= {id(p): p for group in optimizer.param_groups for p in group["params"]}

    def found(self, player: Player) -> LeftOutCard | None:
        """Return what is left out; None while that is not known."""
        if self._updates[player] < LEAST_UPDATES or not self._reached[player]:
            return None
        reached = self._reached[player]
        names = {id(p): name for name, p in self._weights.named(player)}
        missing = {key: p for key, p in reached.items() if key not in self._held}
        return LeftOutCard(
            numbers=sum(p.numel() for p in missing.values()),
            of=sum(p.numel() for p in reached.values()),
            unregistered=sum(p.numel() for key, p in missing.items() if key not in names),
            names=tuple(sorted(names[key] for key in missing if key in names)[:NAMES_MAX]),
        )

    def _search(self, player: Player, tensor: torch.Tensor) -> None:
        """Collect the leaves of a graph that require a gradient."""
        if self._looks[player] >= LOOKS or tensor.grad_fn is None:
            return
        self._looks[player] += 1
        seen: set[Any] = set()
        waiting: list[Any] = [tensor.grad_fn]
        while waiting and len(seen) < NODES_MAX:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            leaf = getattr(node, "variable", None)
            if isinstance(leaf, torch.nn.Parameter):
                self._reached[player][id(leaf)] = leaf
            waiting += [following for following, _ in node.next_functions]
