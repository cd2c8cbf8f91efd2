"""Rows: the numbers of completed steps on their way from the device to the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gandoctor.recording.backend import Backend
from gandoctor.store import RunWriter


class Rows:
    """Puts together what belongs to a step: the backend's numbers, the user's own scalars, a probe's values.

    Args:
        backend: Holds the numbers of steps.
        writer: Gets the rows.
        first_step: Where this recording begins.

    Attributes:
        drained_step: The last step that was written.
    """

    def __init__(self, backend: Backend, writer: RunWriter, first_step: int) -> None:
        self._backend = backend
        self._writer = writer
        self._scalars: dict[int, dict[str, Any]] = {}
        self.drained_step = first_step

    def add(self, step: int, scalars: Mapping[str, Any]) -> None:
        """Keep further values of a step; those on a device are not fetched before the next drain."""
        self._scalars[step] = dict(scalars)

    def skip(self) -> None:
        """Forget the steps between two recorded trainings: they are not this run's."""
        self._backend.drain()

    def drain(self, step: int, probe_values: Mapping[str, float], at_start: bool = False) -> None:
        """Write all steps up to this one; the probe's values join the last row.

        Args:
            step: Completed training steps.
            probe_values: What was measured now.
            at_start: Whether this is the row of the untrained players, which is written even where it is empty.
        """
        rows = self._backend.drain()
        # A step that was not counted any more, as `fit` raised after it, comes last.
        first = max(self.drained_step, step - len(rows)) + 1
        table: dict[int, dict[str, float]] = {first + i: row for i, row in enumerate(rows)}
        for own_step, scalars in sorted(self._scalars.items()):
            numbers = {name: self._backend.number(value) for name, value in scalars.items()}
            table.setdefault(own_step, {}).update(numbers)
        self._scalars.clear()
        if probe_values:
            table.setdefault(step, {}).update(probe_values)
        for number in sorted(table):
            if table[number] or at_start:
                self._writer.record(number, table[number])
        self.drained_step = step
