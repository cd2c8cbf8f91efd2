"""Gradient norms and movements of single layers: written on the device in each update, worked out at a probe."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.keras_networks.layer_weights import LayerWeights, layer_weights
from gandoctor.backends.tensorflow.in_graph.step_log import StepLog
from gandoctor.backends.tensorflow.in_graph.update_values import UpdateValues
from gandoctor.backends.tensorflow.players.weights import Weights, inner
from gandoctor.backends.tensorflow.replicas import on_first_replica
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.players import Players

_NO_GRADIENT = -1.0
"""Stands for a weight that was given no gradient, where others have half the square of its norm."""


class Layers:
    """Both players' weights by layer, found when the player is built."""

    def __init__(self, players: Players, weights: Weights) -> None:
        self._players, self.weights = players, weights
        self._found: dict[Player, LayerWeights] = {}

    def of(self, player: Player) -> LayerWeights:
        """Return a player's layers."""
        if player not in self._found:
            found = layer_weights(self._players.network(player))
            if not found.layers:
                return found  # not built yet
            self._found[player] = found
        return self._found[player]


class KerasLayerGradients:
    """The gradient norms of layers; see `recording.in_step.LayerGradients`."""

    def __init__(self, step_log: StepLog, layers: Layers) -> None:
        self._layers = layers
        self._values = UpdateValues(step_log)
        for player in PLAYERS:
            if layers.weights.variables(player):
                self._values.prepare(player, len(layers.of(player).variables) + 1)

    def keep(self, update: Any) -> None:
        """Write the squared norm of each gradient, and what they are to be divided by."""
        halves = update.halves
        known = [halves.get(id(inner(v)), _NO_GRADIENT) for v in self._layers.of(update.phase).variables]
        vector = tf.stack([*known, tf.cast(update.scale, tf.float32)])
        on_first_replica(lambda: self._values.put(update.phase, vector, when=update.finite))

    def read(self, player: Player) -> dict[str, float]:
        """Return layer -> gradient norm in the last completed step."""
        values = self._values.read(player)
        if values is None:
            return {}
        scale, found = float(values[-1]), {}
        for name, halves in self._layers.of(player).by_layer(values[:-1]).items():
            given = halves[halves != _NO_GRADIENT]
            if given.size:
                found[name] = float(np.sqrt(2.0 * given.sum())) / scale
        return found


class KerasLayerMovement:
    """How far layers moved; see `recording.in_step.LayerMovement`."""

    def __init__(self, step_log: StepLog, layers: Layers) -> None:
        self._layers = layers
        self._values = UpdateValues(step_log)
        for player in PLAYERS:
            variables = layers.weights.variables(player)
            if variables:
                self._values.prepare(player, sum(_sizes(variables)) + len(variables))

    def keep(self, update: Any, movement: Any) -> None:
        """Write how the player's own weights moved, and for each variable whether it was to be moved at all."""
        given = update.given
        flags = [float(id(inner(v)) in given) for v in self._layers.weights.variables(update.phase)]
        self._values.put(update.phase, tf.concat([movement.vector, tf.constant(flags)], 0), when=update.applied)

    def read(self, player: Player, before: Any) -> dict[str, float]:
        """Return layer -> movement over its norm before, in the last completed step; absent where that was 0."""
        values = self._values.read(player)
        if values is None:
            return {}
        variables, then = self._layers.weights.variables(player), before.numpy()
        ends = np.cumsum(_sizes(variables))
        parts = zip(np.split(values[: len(then)], ends[:-1]), np.split(then, ends[:-1]), strict=True)
        squares = {
            id(v): (float(np.dot(moved, moved)), float(np.dot(was, was)))
            for v, (moved, was), flag in zip(variables, parts, values[len(then) :], strict=True)
            if flag
        }
        found = {}
        for name, own in self._layers.of(player).layers.items():
            given = [squares[id(v)] for v in own if id(v) in squares]
            size = sum(was for _, was in given)
            if size != 0.0:
                found[name] = math.sqrt(sum(moved for moved, _ in given) / size)
        return found


def _sizes(variables: list[Any]) -> list[int]:
    return [math.prod(v.shape) for v in variables]
