"""The step log: a ring buffer on the device that collects cheap signals inside the training graph.

Values are written where they arise, also under `tf.function`, and reach the host only when it drains the ring: no
host sync a step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.monitors.replicas import on_first_replica, own_variable

SLOTS = 48
ROWS = 512


class StepLog:
    """Named float32 values a step, kept for the last 512 steps.

    Absent is not zero: each slot has a flag beside its value that says whether it was written in that step.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._pending = own_variable(tf.zeros((SLOTS, 2)), "gandoctor_pending")
        self._ring = own_variable(tf.zeros((ROWS, SLOTS, 2)), "gandoctor_ring")
        self._committed = own_variable(tf.constant(0, tf.int64), "gandoctor_steps")
        self._drained = 0

    @property
    def under_way(self) -> Any:
        """How many steps have been committed, int64: the position of the step under way, also inside a graph."""
        return self._committed.read_value()

    def put(self, values: dict[str, Any], when: Any = True) -> None:
        """Write scalars of the current step; in a graph this adds the ops that do so. The last write counts.

        Args:
            values: Signal name -> scalar tensor or number.
            when: Boolean scalar tensor; where it is false the values are absent from this step.
        """
        if values:
            on_first_replica(lambda: self._put(values, when))

    def _put(self, values: dict[str, Any], when: Any) -> None:
        indices = [[self._slot(name)] for name in values]
        present = tf.cast(when, tf.float32)
        rows = [tf.stack([tf.cast(tf.reshape(value, ()), tf.float32), present]) for value in values.values()]
        self._pending.scatter_nd_update(indices, tf.stack(rows))

    def commit(self) -> None:
        """Close the current step's row and begin the next."""
        on_first_replica(self._commit)

    def _commit(self) -> None:
        self._ring.scatter_nd_update(tf.reshape(self._committed % ROWS, (1, 1)), self._pending[None])
        self._pending.assign(tf.zeros((SLOTS, 2)))
        self._committed.assign_add(1)

    def drain(self) -> list[dict[str, float]]:
        """Fetch the rows committed since the last call, oldest first.

        Rows that were overwritten before they could be fetched come back empty: absent, not invented.
        """
        committed = int(self._committed.numpy())
        new = committed - self._drained
        if new == 0:
            return []
        ring = self._ring.numpy()
        lost = max(0, new - ROWS)
        rows: list[dict[str, float]] = [{} for _ in range(lost)]
        for index in range(self._drained + lost, committed):
            row = ring[index % ROWS]
            rows.append({name: float(row[slot, 0]) for name, slot in self._slots.items() if row[slot, 1] > 0})
        self._drained = committed
        return rows

    def _slot(self, name: str) -> int:
        if name not in self._slots:
            if len(self._slots) == SLOTS:
                raise ValueError(f"more than {SLOTS} signals a step")
            self._slots[name] = len(self._slots)
        return self._slots[name]


def as_float(value: Any) -> float:
    """Convert a scalar of any kind (tensor, array, number, one-element list) to float; the mean of several replicas'.

    Raises:
        ValueError: It is not one number.
    """
    if isinstance(value, tf.distribute.DistributedValues) and not hasattr(value, "numpy"):
        return float(np.mean([as_float(v) for v in value.values]))
    # A variable mirrored over replicas is no array, but it can be read as one.
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value, dtype=np.float64)
    if array.size != 1:
        raise ValueError(f"expected one number, got an array of shape {array.shape}")
    return float(array.reshape(()))
