"""LeftOver: whether gradients were cleared before a loss was differentiated, which PyTorch leaves to the program."""

from __future__ import annotations

from typing import Literal

import torch

from gandoctor.backends.torch.update import norm_of
from gandoctor.backends.torch.weights import Weights
from gandoctor.player_names import OTHER, PLAYERS, Player

CHECKS = 64
"""Calls of `backward` that are looked at: each check waits for the device."""

_Last = Literal["own", "other", "step", None]


class LeftOver:
    """Compares the gradient buffers around each `backward`.

    A gradient is left over if a player's loss adds to a buffer that still holds what another player's loss, or an
    update that was already made, has left there. Two losses of one player before its update are one gradient.

    Args:
        weights: Tells whose a parameter is.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._checks = 0
        self._before: dict[Player, float] = {}
        self._last: dict[Player, _Last] = dict.fromkeys(PLAYERS)
        self._found: dict[Player, float] = {}

    def before_backward(self) -> None:
        """Something is about to be differentiated."""
        self._before = {p: self._norm(p) for p in PLAYERS} if self._checks < CHECKS else {}

    def after_backward(self, owner: Player) -> None:
        """A player's loss has been differentiated."""
        if not self._before:
            return
        self._checks += 1
        held = self._before[owner]
        if held == 0:
            self._found[owner] = 0.0  # what may have been left before is cleared
        elif self._last[owner] in ("other", "step"):
            self._found[owner] = max(held, self._found.get(owner, 0.0))
        else:
            self._found.setdefault(owner, 0.0)
        self._last[owner] = "own"
        other = OTHER[owner]
        if self._norm(other) != self._before[other]:
            self._last[other] = "other"
        self._before = {}

    def updated(self, player: Player) -> float | None:
        """An optimizer is about to move a player; return the norm of what was left over, None where not looked at."""
        self._last[player] = "step"
        return self._found.pop(player, None)

    def _norm(self, player: Player) -> float:
        gradients = [p.grad for _, p in self._weights.named(player) if p.grad is not None]
        with torch.no_grad():
            return float(norm_of(gradients)) if gradients else 0.0
