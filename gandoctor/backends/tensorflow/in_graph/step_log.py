"""The step log: a ring buffer on the device that collects cheap signals inside the training graph.

Values are written where they arise, also under `tf.function`, and reach the host only when it drains the ring: no
host sync a step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.train_step import current_graph
from gandoctor.backends.tensorflow.replicas import on_first_replica, own_variable, replica_count

SLOTS = 48
ROWS = 2048


class StepLog:
    """Named float32 values a step, kept for the last 2048 steps.

    Absent is not zero: each slot has a flag beside its value that says whether it was written in that step.
    """

    def __init__(self) -> None:
        self._slots: dict[str, int] = {}
        self._gathered: _Gathered | None = None
        self._pending = own_variable(tf.zeros((SLOTS, 2)), "gandoctor_pending")
        self._ring = own_variable(tf.zeros((ROWS, SLOTS, 2)), "gandoctor_ring")
        self._committed = own_variable(tf.constant(0, tf.int64), "gandoctor_steps")
        self._drained = 0
        # For hand-written loops: op by op it would take ten times as long.
        self._commit_between_steps = tf.function(self._commit, autograph=False)

    @property
    def under_way(self) -> Any:
        """How many steps have been committed, int64: the position of the step under way, also inside a graph."""
        return self._committed.read_value()

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """Gather what is put inside the block, which ends with a commit, to write it at once: ops cost by the piece."""
        if replica_count() > 1:  # each replica traces a block of its own
            yield
            return
        self._gathered = _Gathered(current_graph())
        try:
            yield
        finally:
            self._gathered = None

    def put(self, values: dict[str, Any], when: Any = True) -> None:
        """Write scalars of the current step; in a graph this adds the ops that do so. The last write counts.

        Args:
            values: Signal name -> scalar tensor or number.
            when: Boolean scalar tensor; where it is false the values are absent from this step.
        """
        self._places(values)  # a value that is no scalar, or one too many, fails here and not for the others
        scalars = {name: _scalar(value) for name, value in values.items()}
        if self._gathered is not None:
            scalars = self._gathered.take(scalars, when)
        if scalars:
            on_first_replica(lambda: self._put(scalars, when))

    def _put(self, scalars: dict[str, Any], when: Any) -> None:
        rows = _rows([(scalar, when) for scalar in scalars.values()])
        self._pending.scatter_nd_update(self._places(scalars), rows)

    def commit(self) -> None:
        """Close the current step's row and begin the next."""
        if tf.executing_eagerly() and self._gathered is None:
            self._commit_between_steps()
        else:
            on_first_replica(self._commit)

    def _commit(self) -> None:
        row = self._pending.read_value()
        if self._gathered is not None and self._gathered.values:
            places, rows = self._places(self._gathered.values), _rows(list(self._gathered.values.values()))
            if self._gathered.overwritten:
                written = tf.gather_nd(row, places)
                rows = tf.where(written[:, 1:] > 0, written, rows)
            row = tf.tensor_scatter_nd_update(row, places, rows)
        self._ring.scatter_nd_update(tf.reshape(self._committed % ROWS, (1, 1)), row[None])
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

    def _places(self, names: Iterable[str]) -> list[list[int]]:
        return [[self._slot(name)] for name in names]

    def _slot(self, name: str) -> int:
        if name not in self._slots:
            if len(self._slots) == SLOTS:
                raise ValueError(f"more than {SLOTS} signals a step")
            self._slots[name] = len(self._slots)
        return self._slots[name]


class _Gathered:
    """Values of the step that is being traced, or run eagerly.

    Args:
        graph: The step's own. What is put in another (a branch, a `tf.function` inside the step) cannot be read at the
            end of the step and has to be written where it arises.

    Attributes:
        values: Signal name -> value, and when it is one.
        overwritten: Whether any of them has been put in another graph since.
    """

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._elsewhere: set[str] = set()
        self.values: dict[str, tuple[Any, Any]] = {}
        self.overwritten = False

    def take(self, values: dict[str, Any], when: Any) -> dict[str, Any]:
        """Keep what can be written at the end of the step; return what must be written now."""
        if current_graph() is not self._graph:
            self._elsewhere |= set(values)
            self.overwritten |= not self._elsewhere.isdisjoint(self.values)
            return values
        self.values |= {name: (value, when) for name, value in values.items() if name not in self._elsewhere}
        return {name: value for name, value in values.items() if name in self._elsewhere}


def _rows(scalars: list[tuple[Any, Any]]) -> Any:
    """Stack (scalar, when) pairs, float32 (n, 2)."""
    numbers = tf.stack([scalar for scalar, _ in scalars])
    if all(when is True for _, when in scalars):
        return tf.stack([numbers, tf.ones_like(numbers)], 1)
    return tf.stack([numbers, tf.stack([tf.cast(when, tf.float32) for _, when in scalars])], 1)


def _scalar(value: Any) -> Any:
    value = tf.cast(value, tf.float32)
    return value if value.shape.rank == 0 else tf.reshape(value, ())


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
