"""Numbers of a player's last update that are too many for the step log: kept on the device, read at a probe."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.monitors.players import Phase
from gandoctor.monitors.replicas import own_variable
from gandoctor.monitors.step_log import StepLog


class UpdateValues:
    """One vector a player, written inside the training graph, with the step it belongs to.

    Args:
        step_log: Knows which step is under way.
        sizes: Player -> length of its vector.
    """

    def __init__(self, step_log: StepLog) -> None:
        self._step_log = step_log
        self._values: dict[Phase, Any] = {}
        self._steps: dict[Phase, Any] = {}

    def prepare(self, player: Phase, size: int) -> None:
        """Create a player's vector; not inside a graph, if it can be had: TensorFlow would trace it twice."""
        if player not in self._values:
            self._values[player] = own_variable(tf.zeros((size,)), "gandoctor_update_values")
            self._steps[player] = own_variable(tf.constant(-1, tf.int64), "gandoctor_update_step")

    def put(self, player: Phase, values: list[Any]) -> None:
        """Write a player's vector in the current step; in a graph this adds the ops that do so. The last write counts.

        Args:
            player: Whose update it is.
            values: Scalars, as many at every call.
        """
        vector = tf.stack([tf.cast(value, tf.float32) for value in values])
        self.prepare(player, len(values))
        self._values[player].assign(vector)
        self._steps[player].assign(self._step_log.under_way)

    def read(self, player: Phase) -> np.ndarray | None:
        """Return what was written in the last completed step; None where nothing was."""
        if player not in self._values or int(self._steps[player]) != int(self._step_log.under_way) - 1:
            return None
        values: np.ndarray = self._values[player].numpy()
        return values
