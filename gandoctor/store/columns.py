"""Column: the recorded steps and values of one signal, in order of step."""

from __future__ import annotations

from collections import OrderedDict
from typing import Self

import numpy as np

ORDERS_KEPT = 8


class Orders:
    """How the steps of several parts are put in order: columns recorded at the same steps share it, and the steps."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, ...], tuple[list[np.ndarray], np.ndarray, np.ndarray | None]] = (
            OrderedDict()
        )

    def of(self, parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
        """Return all steps of the parts, increasing, and which of the parts' values stand at them; None for all."""
        key = tuple(map(id, parts))  # the parts are kept below, so that no other array gets their ids
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (parts, *_in_order(parts))
            while len(self._known) > ORDERS_KEPT:  # another thread may read, and put in order, columns of the same run
                self._known.popitem(last=False)
        return known[1:]


def _in_order(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray | None]:
    steps = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if (np.diff(steps) > 0).all():
        return steps, None
    order = np.argsort(steps, kind="stable")
    order = order[np.append(np.diff(steps[order]) > 0, True)]  # the last one of each step
    return steps[order], order


class Column:
    """The recorded values of one signal. It grows while a run is read, and leaves out steps without a value.

    Args:
        orders: Shared by the columns of a run.
    """

    def __init__(self, orders: Orders | None = None) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._in_order = True
        self._orders = orders or Orders()

    def add(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Add steps and their values.

        Args:
            steps: int64 (n,), in any order.
            values: (n,). If a step has several values, the last one added counts. A probe may add to a step that was
                already written, and a resumed run repeats the steps after its last checkpoint.
        """
        self._parts.append((steps, values))
        self._in_order = False

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps in increasing order and their values."""
        if not self._in_order:
            steps, order = self._orders.of([steps for steps, _ in self._parts])
            parts = [values for _, values in self._parts]
            values = parts[0] if len(parts) == 1 else np.concatenate(parts)
            self._parts = [(steps, values if order is None else values[order])]
            self._in_order = True
        return self._parts[0] if self._parts else (np.empty(0, np.int64), np.empty(0))

    def until(self, step: int) -> Self:
        """Return the column up to and including a step."""
        steps, values = self.read()
        kept = np.searchsorted(steps, step, side="right")
        earlier = type(self)(self._orders)
        earlier.add(steps[:kept], values[:kept])
        return earlier

    def since(self, step: int) -> Self:
        """Return the column from a step on."""
        steps, values = self.read()
        first = np.searchsorted(steps, step)
        later = type(self)(self._orders)
        later.add(steps[first:], values[first:])
        return later
