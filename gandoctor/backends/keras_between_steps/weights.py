"""The weights of the two players as flat vectors on the host: copied, compared, and taken apart again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np

from gandoctor.backends.keras_between_steps.state import ModelState
from gandoctor.backends.keras_networks.layer_weights import weights_to_train
from gandoctor.player_names import Player
from gandoctor.recording.players import Players


class Weights:
    """Takes copies of the players' weights, those that their layers were created to train.

    Args:
        players: Generator and discriminator.
        state: Knows their values.
    """

    def __init__(self, players: Players, state: ModelState) -> None:
        self._players, self._state = players, state
        self._variables: dict[Player, list[Any]] = {}

    def variables(self, player: Player) -> list[Any]:
        """Return a player's weights as Keras variables; empty while it is not built."""
        if not self._variables.get(player):
            self._variables[player] = weights_to_train(self._players.network(player))
        return self._variables[player]

    def copy(self, player: Player) -> np.ndarray:
        """Return a player's weights as they are now, float32 (n,)."""
        values = self._state.values(self.variables(player))
        parts = [np.asarray(keras.ops.convert_to_numpy(value), np.float32).reshape(-1) for value in values]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)  # always a copy

    def taken_apart(self, player: Player, vector: np.ndarray) -> dict[int, np.ndarray]:
        """Return id of a variable -> its value in a copy, in its own shape."""
        variables = self.variables(player)
        ends = np.cumsum([math.prod(v.shape) for v in variables])[:-1]
        parts = np.split(vector, ends) if variables else []
        return {id(v): part.reshape(v.shape) for v, part in zip(variables, parts, strict=True)}


@dataclass(frozen=True)
class WeightMovement:
    """The way from one copy to a later one; see `recording.in_step.Movement`."""

    before: np.ndarray
    now: np.ndarray

    @cached_property
    def distance(self) -> float:
        """L2 norm of the difference."""
        return float(np.linalg.norm(self.now - self.before))

    @property
    def ratio(self) -> float:
        """The distance relative to the norm of the earlier copy; 0 where that is 0."""
        norm = float(np.linalg.norm(self.before))
        return self.distance / norm if norm else 0.0


class KeptWeights:
    """A place for one copy; see `recording.in_step.WeightSlot`."""

    def __init__(self, weights: Weights, player: Player) -> None:
        self._weights, self._player = weights, player
        self._kept = np.zeros(0, np.float32)

    def keep(self) -> None:
        """Copy the weights as they are now."""
        self._kept = self._weights.copy(self._player)

    def read(self) -> np.ndarray:
        """Return the last copy."""
        return self._kept
