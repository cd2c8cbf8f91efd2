"""Weights: both players' weights as flat copies, to compare with later or to run a player as it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gandoctor.backends.tensorflow.players.players import Phase, Players


class Weights:
    """Takes copies of the players' weights on the device.

    A player's weights are those its layers were created to train, in the layers' order: a `trainable` flag that is
    switched between the phases changes neither which they are nor their order.

    Args:
        players: Generator and discriminator.
    """

    def __init__(self, players: Players) -> None:
        self._players = players
        self._variables: dict[Phase, list[Any]] = {}
        self._copies: dict[Phase, Callable[[], Any]] = {}

    def variables(self, player: Phase) -> list[Any]:
        """The player's weights as Keras variables; empty while it is not built."""
        if not self._variables.get(player):
            network = self._players.network(player)
            layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else [network]
            # Once each: a wrapper may hold a weight of what it wraps as its own (SpectralNormalization's kernel).
            found = {id(v): v for layer in layers for v in getattr(layer, "_trainable_variables", ())}
            self._variables[player] = list(found.values())
        return self._variables[player]

    def copy(self, player: Phase) -> Any:
        """The player's weights as they are now, float32 (n,)."""
        if player not in self._copies:
            variables = self.variables(player)
            if not variables:
                return tf.zeros((0,))
            self._copies[player] = tf.function(lambda: flat(variables), autograph=False)
        return self._copies[player]()

    def unflattened(self, player: Phase, weights: Any) -> dict[int, Any]:
        """Take a copy apart: id of the variable inside -> its value, in the variable's own shape and type."""
        variables = self.variables(player)
        if not variables:
            return {}
        parts = tf.split(weights, [math.prod(v.shape) for v in variables])
        return {
            id(inner(v)): tf.cast(tf.reshape(part, v.shape), v.dtype) for v, part in zip(variables, parts, strict=True)
        }


def flat(variables: list[Any]) -> Any:
    """Variables one after the other, float32 (n,); at least one."""
    return tf.concat([tf.reshape(tf.cast(inner(v), tf.float32), (-1,)) for v in variables], 0)


def inner(variable: Any) -> Any:
    """Return the tf.Variable behind a Keras variable, or the variable itself."""
    return variable.value if hasattr(variable, "path") else variable
