"""Column: the recorded steps and values of one signal, in order of step."""

from __future__ import annotations

from typing import Self

import numpy as np


class Column:
    """The recorded values of one signal. It grows while a run is read, and leaves out steps without a value."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._in_order = True

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
            steps = np.concatenate([steps for steps, _ in self._parts])
            values = np.concatenate([values for _, values in self._parts])
            if not (np.diff(steps) > 0).all():
                order = np.argsort(steps, kind="stable")
                steps, values = steps[order], values[order]
                last_of_its_step = np.append(np.diff(steps) > 0, True)
                steps, values = steps[last_of_its_step], values[last_of_its_step]
            self._parts = [(steps, values)]
            self._in_order = True
        return self._parts[0] if self._parts else (np.empty(0, np.int64), np.empty(0))

    def until(self, step: int) -> Self:
        """Return the column up to and including a step."""
        steps, values = self.read()
        kept = np.searchsorted(steps, step, side="right")
        earlier = type(self)()
        earlier.add(steps[:kept], values[:kept])
        return earlier
