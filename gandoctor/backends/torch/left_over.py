"""LeftOver: whether gradients were cleared before a loss was differentiated, which PyTorch leaves to the program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch

from gandoctor.backends.torch.update import norm_of
from gandoctor.backends.torch.weights import Weights
from gandoctor.player_names import OTHER, PLAYERS, Player

CHECKS = 64
"""Calls of `backward` that are looked at: each check waits for the device."""

_Last = Literal["own", "other", "step"]


@dataclass(frozen=True)
class _Backward:
    """One call of `backward`: whether it reached the generator, what each buffer held before, and which it changed."""

    reaches_g: bool
    held: Mapping[Player, float]
    changed: frozenset[Player]


class LeftOver:
    """Compares the gradient buffers around each `backward`.

    A gradient is left over if a player's loss adds to a buffer that still holds what another player's loss, or an
    update that was already made, has left there. Several losses of one player before its update are one gradient.

    What is differentiated before an update of the discriminator is its own, although it may reach the generator, as
    where generated images are not detached; unless the generator's update comes right after it.

    Args:
        weights: Tells whose a parameter is.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._checks = 0
        self._before: dict[Player, float] = {}
        self._since: list[_Backward] = []
        self._of_d: list[_Backward] = []
        self._last: dict[Player, _Last | None] = dict.fromkeys(PLAYERS)

    def before_backward(self) -> None:
        """Something is about to be differentiated."""
        self._of_d = []
        self._before = {p: self._norm(p) for p in PLAYERS} if self._checks < CHECKS else {}

    def after_backward(self, owner: Player) -> None:
        """A loss has been differentiated; `owner` is "g" where it reaches the generator."""
        if not self._before:
            return
        self._checks += 1
        changed = frozenset(p for p in PLAYERS if self._norm(p) != self._before[p])
        self._since.append(_Backward(owner == "g", self._before, changed))
        self._before = {}

    def updated(self, player: Player) -> float | None:
        """An optimizer is about to move a player; return the norm of what was left over, None where not looked at."""
        if player == "d":
            own, self._since = self._since, []
            self._of_d = own
        else:
            own = [one for one in self._since or self._of_d if one.reaches_g]
            self._since, self._of_d = [one for one in self._since if not one.reaches_g], []
        found, last = None, self._last[player]
        for one in own:
            held = one.held[player]
            if held == 0:
                found = 0.0  # what may have been left before is cleared
            elif last in ("other", "step"):
                found = max(held, found or 0.0)
            else:
                found = found or 0.0
            last = "own"
        if any(OTHER[player] in one.changed for one in own):
            self._last[OTHER[player]] = "other"
        self._last[player] = "step"
        return found

    def _norm(self, player: Player) -> float:
        gradients = [p.grad for _, p in self._weights.named(player) if p.grad is not None]
        with torch.no_grad():
            return float(norm_of(gradients)) if gradients else 0.0
