"""Best response: how far a copy of one player gets in a few steps against the other, which stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.backend import Backend
from gandoctor.recording.in_step import Weights
from gandoctor.recording.objective.game import Game
from gandoctor.recording.probe.nested import mapped

RATE, FIRST_MOMENT, SECOND_MOMENT, EPSILON = 1e-3, 0.9, 0.999, 1e-8
"""Adam as Kingma and Ba 2015 have it, the same in every training: a rate of the training's own would make the number
depend on what a study varies."""

Pair = tuple[Any, Any]
"""Latents and as many reals, in the framework."""


class BestResponses:
    """Plays a game on copies of the players' weights; the players themselves are only read.

    Args:
        backend: Differentiates the game.
        game: What is played.
        taken: Latents and reals that steps are taken on, NumPy arrays of n rows each, n a multiple of `batch`.
        judged: Others of the same lengths, which the value is told of.
        batch: Rows of a step.
    """

    def __init__(self, backend: Backend, game: Game, taken: Pair, judged: Pair, batch: int) -> None:
        self._backend, self._game = backend, game
        self._taken, self._judged = (
            [mapped(backend.on_device, pair) for pair in _batches(both, batch)] for both in (taken, judged)
        )
        self._weights: dict[Player, Weights] = {player: backend.snapshot(player) for player in PLAYERS}

    def value(self, weights: dict[Player, Weights] | None = None) -> float:
        """Return the game's value on the judged rows, of the players as they are or with other weights."""
        own = self._weights if weights is None else weights
        return float(np.mean([self._differentiated("d", own, pair)[0] for pair in self._judged]))

    def value_after(self, player: Player, steps: int) -> float:
        """Return the game's value on the judged rows once a copy of a player has taken steps of Adam.

        Args:
            player: Who moves; the other one stands still.
            steps: How many, 1 or more.
        """
        own = dict(self._weights)
        move = _adam()
        for number, pair in enumerate(islice(_again(self._taken), steps), start=1):
            own[player] = move(own[player], self._differentiated(player, own, pair)[1], number)
        return self.value(own)

    def _differentiated(self, player: Player, weights: dict[Player, Weights], pair: Pair) -> tuple[float, Weights]:
        value, gradient = self._backend.game_gradient(self._game, player, weights, *pair)
        return self._backend.number(value), gradient


def _adam() -> Callable[[Weights, Weights, int], Weights]:
    """Return a function of weights, their gradient and the number of the step, from 1, that returns the next weights.

    Operators alone are used, so that a vector of any framework stays where it is.
    """
    first: Any = 0.0
    second: Any = 0.0

    def move(weights: Weights, gradient: Weights, number: int) -> Weights:
        nonlocal first, second
        first = FIRST_MOMENT * first + (1.0 - FIRST_MOMENT) * gradient
        second = SECOND_MOMENT * second + (1.0 - SECOND_MOMENT) * gradient * gradient
        mean, square = first / (1.0 - FIRST_MOMENT**number), second / (1.0 - SECOND_MOMENT**number)
        return weights - RATE * mean / (square**0.5 + EPSILON)

    return move


def _batches(both: Pair, batch: int) -> list[Pair]:
    return [(both[0][i : i + batch], both[1][i : i + batch]) for i in range(0, len(both[1]), batch)]


def _again(pairs: list[Pair]) -> Iterator[Pair]:
    while True:
        yield from pairs
