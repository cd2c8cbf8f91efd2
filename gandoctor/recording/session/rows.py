"""Rows: the numbers of completed steps on their way from the device to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gandoctor.message import Message
from gandoctor.recording.backend import Backend
from gandoctor.store import RunWriter
from gandoctor.store.segments import STEP, TIME, can_name_a_signal


class Rows:
    """Puts together what belongs to a step: the backend's numbers, the user's own scalars, a probe's values.

    Args:
        backend: Holds the numbers of steps.
        writer: Gets the rows.
        first_step: Where this recording begins.
        refuse: Called with a name and why its value is left out, once a name.

    Attributes:
        drained_step: The last step that was written.
        refused: Names of scalars of which values were left out -> how many.
        numbers: Names of scalars of which a value was written.
    """

    def __init__(
        self, backend: Backend, writer: RunWriter, first_step: int, refuse: Callable[[str, Message], None]
    ) -> None:
        self._backend = backend
        self._writer = writer
        self._refuse = refuse
        self._scalars: dict[int, dict[str, Any]] = {}
        self.drained_step = first_step
        self.refused: dict[str, int] = {}
        self.numbers: set[str] = set()

    def add(self, step: int, scalars: Mapping[str, Any]) -> dict[str, Any]:
        """Keep further values of a step; those on a device are not fetched before the next drain.

        Returns:
            Those that are kept. One that is None is absent in this step; one of an unusable name is refused.
        """
        kept = {name: value for name, value in scalars.items() if value is not None}
        for name in [name for name in kept if not can_name_a_signal(name)]:
            del kept[name]
            why = Message("a scalar needs a printable name, which is not one of {reserved}", reserved=(STEP, TIME))
            self._leave_out(name, why)
        self._scalars[step] = dict(kept)
        return kept

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
            table.setdefault(own_step, {}).update(self._numbers(scalars))
        self._scalars.clear()
        if probe_values:
            table.setdefault(step, {}).update(probe_values)
        self._writer.record_all({number: table[number] for number in sorted(table) if table[number] or at_start})
        self.drained_step = step

    def _numbers(self, scalars: Mapping[str, Any]) -> dict[str, float]:
        """Return what is one number, by name; a value that is none costs itself only."""
        numbers = {}
        for name, value in scalars.items():
            try:
                if isinstance(value, str | bytes):
                    raise TypeError  # NumPy would read "0.7" as a number
                numbers[name] = self._backend.number(value)
            except Exception:  # noqa: BLE001 - an object of any kind may be passed
                self._leave_out(name, _no_number(value))
        self.numbers.update(numbers)
        return numbers

    def _leave_out(self, name: str, why: Message) -> None:
        self.refused[name] = self.refused.get(name, 0) + 1
        if self.refused[name] == 1:
            self._refuse(name, why)


def _no_number(value: Any) -> Message:
    kind, shape = type(value).__name__, getattr(value, "shape", ())
    if shape in ((), None):
        return Message("one number was expected, and this is a {kind}", kind=kind)
    return Message("one number was expected, and this is a {kind} of shape {shape}", kind=kind, shape=str(shape))
