"""Numbers of a player's last update that are too many for the step log: kept on the device, read at a probe."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.step_log import StepLog
from gandoctor.backends.tensorflow.replicas import own_variable
from gandoctor.player_names import Player

_NEVER = -2
"""Not -1, which is the last completed step where there is none yet."""


class UpdateValues:
    """One vector a player, written inside the training graph, with the step it belongs to.

    Args:
        step_log: Knows which step is under way.
    """

    def __init__(self, step_log: StepLog) -> None:
        self._step_log = step_log
        self._values: dict[Player, Any] = {}
        self._steps: dict[Player, Any] = {}

    def prepare(self, player: Player, size: int) -> None:
        """Create a player's vector; not inside a graph, if it can be had: TensorFlow would trace it twice."""
        if player not in self._values:
            self._values[player] = own_variable(tf.zeros((size,)), "gandoctor_update_values")
            self._steps[player] = own_variable(tf.constant(_NEVER, tf.int64), "gandoctor_update_step")

    def put(self, player: Player, values: Any, when: Any = True) -> None:
        """Write a player's vector in the current step; in a graph this adds the ops that do so. The last write counts.

        Args:
            player: Whose update it is.
            values: The vector, float32, of one length at every call.
            when: Boolean scalar tensor; where it is false nothing counts as written.
        """
        self.prepare(player, int(values.shape[0]))
        step = self._step_log.under_way
        self._values[player].assign(values)
        self._steps[player].assign(step if when is True else tf.where(when, step, tf.constant(_NEVER, tf.int64)))

    def read(self, player: Player) -> np.ndarray | None:
        """Return what was written in the last completed step; None where nothing was."""
        if player not in self._values or int(self._steps[player]) != int(self._step_log.under_way) - 1:
            return None
        values: np.ndarray = self._values[player].numpy()
        return values
