"""Asked: whether the loss that moves the generator is computed by the discriminator at all."""

from __future__ import annotations

import torch

from gandoctor.backends.torch.graph import is_own_function, nodes_of
from gandoctor.backends.torch.pulls import is_looked_at
from gandoctor.backends.torch.weights import Weights
from gandoctor.player_names import Player
from gandoctor.store.player_card import AskedCard


class Asked:
    """Looks for the discriminator's weights behind what is differentiated for the generator.

    Args:
        weights: Tells whose a parameter is.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._steps = 0
        self._pending: list[bool | None] = []
        self._card: AskedCard | None = None

    def differentiated(self, loss: torch.Tensor) -> None:
        """Something that depends on the generator has been differentiated."""
        if is_looked_at(self._steps):
            self._pending.append(self._is_asked(loss))

    def updated(self, phase: Player) -> None:
        """A player is about to be moved by what was differentiated."""
        pending, self._pending = self._pending, []
        if phase == "g" and pending and (True in pending or None not in pending):
            before = 0 if self._card is None or self._card.is_asked else self._card.looks
            is_asked = True in pending
            self._card = AskedCard(is_asked=is_asked, looks=1 if is_asked else before + 1)

    def end_step(self) -> None:
        """Count a step."""
        self._steps += 1

    def card(self) -> AskedCard | None:
        """Return what the latest update looked at has shown; None where none was."""
        return self._card

    def _is_asked(self, loss: torch.Tensor) -> bool | None:
        owners = self._weights.owners()
        is_hidden = False
        for node in nodes_of(loss.grad_fn):
            leaf = getattr(node, "variable", None)
            if leaf is not None and owners.get(id(leaf)) == "d":
                return True
            is_hidden |= is_own_function(node)
        shows = any(p.requires_grad for _, p in self._weights.named("d"))
        return False if shows and not is_hidden else None
