"""Snapshots: takes one every so many steps, and keeps a bounded number, evenly spread over the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gandoctor.errors import GandoctorError
from gandoctor.store.snapshots import remove_snapshot, snapshots_of, write_snapshot

if TYPE_CHECKING:
    from gandoctor.recording.session.session import Session

MOST = 10
"""Snapshots that are kept. Instead of one more, every second is removed; from then on they are twice as far apart."""


class Snapshots:
    """Takes the snapshots of a session.

    Args:
        every: Steps from one to the next.
        session: The recording, which need not have a directory yet.

    Raises:
        GandoctorError: `every` is no number of steps, or this training cannot go on from a snapshot.
    """

    def __init__(self, every: int, session: Session) -> None:
        if every < 1:
            raise GandoctorError(f"snapshots={every} is no number of steps; give 1 or more.")
        self._every = every
        self._session = session
        self._state = session.backend.training_state()
        self._last: int | None = None

    def step_ended(self) -> None:
        """Take a snapshot where one is due."""
        step, run_dir = self._session.step, self._session.writer.path
        before = self._session.first_step if self._last is None else self._last
        if self._session.is_closing or step // self._every == before // self._every:
            return
        taken = snapshots_of(run_dir)
        if len(taken) >= MOST:
            self._every *= 2
            for old in taken[::2]:
                remove_snapshot(run_dir, old)
        self._last = step
        if step // self._every != before // self._every:
            write_snapshot(run_dir, step, self._state.arrays(step))
