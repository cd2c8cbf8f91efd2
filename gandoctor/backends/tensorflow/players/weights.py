"""The weights of the two players as flat vectors: copied, compared, and taken apart again to run a player as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import tensorflow as tf

from gandoctor.backends.keras_networks.layer_weights import weights_to_train
from gandoctor.backends.tensorflow.replicas import own_variable
from gandoctor.player_names import Player
from gandoctor.recording.players import Players


class Weights:
    """Takes copies of the players' weights on the device.

    A player's weights are those its layers were created to train (`weights_to_train`).

    Args:
        players: Generator and discriminator.
    """

    def __init__(self, players: Players) -> None:
        self._players = players
        self._variables: dict[Player, list[Any]] = {}
        self._copies: dict[Player, Callable[[], Any]] = {}

    def variables(self, player: Player) -> list[Any]:
        """The player's weights as Keras variables; empty while it is not built."""
        if not self._variables.get(player):
            self._variables[player] = weights_to_train(self._players.network(player))
        return self._variables[player]

    def copy(self, player: Player) -> Any:
        """The player's weights as they are now, float32 (n,)."""
        if player not in self._copies:
            variables = self.variables(player)
            if not variables:
                return tf.zeros((0,))
            self._copies[player] = tf.function(lambda: flat(variables), autograph=False)
        return self._copies[player]()

    def unflattened(self, player: Player, weights: Any) -> dict[int, Any]:
        """Take a copy apart: id of the variable inside -> its value, in the variable's own shape and type."""
        variables = self.variables(player)
        if not variables:
            return {}
        parts = tf.split(weights, [math.prod(v.shape) for v in variables])
        return {
            id(inner(v)): tf.cast(tf.reshape(part, v.shape), v.dtype) for v, part in zip(variables, parts, strict=True)
        }


class KeptWeights:
    """A variable that keeps a player's weights as they were at one moment of a step.

    Args:
        weights: Copies them.
        player: Whose.
    """

    def __init__(self, weights: Weights, player: Player) -> None:
        self._weights, self._player = weights, player
        size = sum(math.prod(v.shape) for v in weights.variables(player))
        # Not inside a traced step, if it can be had: TensorFlow would trace that twice.
        self._kept = own_variable(tf.zeros((size,)), "gandoctor_copy")

    def keep(self) -> None:
        """Copy the weights as they are now."""
        self._kept.assign(self._weights.copy(self._player))

    def read(self) -> Any:
        """Return the copy, float32 (n,)."""
        return self._kept.read_value()


class WeightMovement:
    """The difference of two copies of a player's weights, computed where it is first asked for.

    Args:
        before: The earlier copy, float32 (n,); now: the later one.
    """

    def __init__(self, before: Any, now: Any) -> None:
        self._before = before
        self.vector = now - before

    @cached_property
    def distance(self) -> Any:
        """L2 norm of the difference."""
        return norm(self.vector)

    @property
    def ratio(self) -> Any:
        """The distance relative to the norm of the earlier copy; 0 where that is 0."""
        return tf.math.divide_no_nan(self.distance, norm(self._before))


def norm(vector: Any) -> Any:
    """L2 norm, by one fused pass: `l2_loss` is half the sum of squares."""
    return tf.sqrt(2.0 * tf.nn.l2_loss(vector))


def flat(variables: list[Any]) -> Any:
    """Variables one after the other, float32 (n,); at least one."""
    return tf.concat([tf.reshape(tf.cast(inner(v), tf.float32), (-1,)) for v in variables], 0)


def inner(variable: Any) -> Any:
    """Return the tf.Variable behind a Keras variable, or the variable itself."""
    return variable.value if hasattr(variable, "path") else variable
