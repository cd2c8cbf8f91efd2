"""A finished run as it stood at an earlier step: what the doctor would have said then."""

from __future__ import annotations

import copy

from gandoctor.store import Run
from gandoctor.store.run import RunState, SampleSheet


class RunAsOf(Run):
    """A run without what was recorded after a step; made by `as_of`.

    What its manifest learned in the meantime (the loss's family, say) it knows all the same.

    Attributes:
        last: The step.
    """

    last: int

    @property
    def state(self) -> RunState:
        """Running, as it was then."""
        return "running"

    @property
    def sheets(self) -> list[SampleSheet]:
        """Contact sheets up to the step."""
        return [sheet for sheet in super().sheets if sheet.step <= self.last]


def as_of(run: Run, step: int) -> RunAsOf:
    """Return a run as it stood once a step was recorded."""
    earlier = copy.copy(run)
    earlier.__class__ = RunAsOf
    assert isinstance(earlier, RunAsOf)
    earlier.last = step
    earlier.__dict__.pop("signals", None)
    columns = {name: column.until(step) for name, column in run._columns.items()}
    earlier._columns = {name: column for name, column in columns.items() if len(column.read()[0])}
    earlier.events = [event for event in run.events if event.kind != "ended"]
    return earlier
