"""The live view of a run in a notebook's output cell, drawn by the thread that trains."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from gandoctor.message import Message
from gandoctor.notebook.drawing import draw
from gandoctor.recording.session.session import FIRST_STEPS, Session
from gandoctor.recording.warning import warn
from gandoctor.watch.follow import BUSY_SHARE, Follower

SHOW_EVERY_S = 2.0

Output = Any
"""What IPython's `display` returns: `update` replaces what was shown."""


class LiveRun:
    """Shows one run in the cell that trains it, and in the next cell that goes on with it.

    It is judged after each of the first two steps, where broken contracts show; then as often as a twentieth of the
    thread's time allows, and at the end. A failure turns the view off and never reaches training.

    Args:
        session: The recording; of several games that of one. It is not kept alive.
        display: IPython's `display`.
        clock: Seconds that pass; cpu: processor seconds of this thread.
        run_dir: The run directory to show. Defaults to that of the recording.
    """

    def __init__(
        self,
        session: Session,
        display: Callable[..., Output],
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.thread_time,
        run_dir: Path | None = None,
    ) -> None:
        self.session = weakref.ref(session)
        self._display = display
        self._clock = clock
        self._cpu = cpu
        self._follower = Follower(Path(run_dir or session.writer.path).absolute(), time.time, cpu)
        self._output: Output | None = None
        self._next = float("-inf")
        self._shown: tuple[int, bool] | None = None
        self._off = False

    def stop(self) -> None:
        """Show nothing more."""
        self._off = True

    def step_ended(self) -> None:
        """Draw if it is time to; called after every step and after the end of the recording."""
        session = self.session()
        if session is None or self._off:
            return
        at_start = session.step - session.first_step <= FIRST_STEPS
        if at_start or session.is_closing or self._clock() >= self._next:
            self._show(session, judged=at_start or session.is_closing)

    def cell_ended(self) -> None:
        """Draw what this cell has trained, be it a few steps; what is trained later is shown in the cell that does."""
        session = self.session()
        if session is not None and not self._off:
            if self._shown != (session.step, session.is_closing):
                self._show(session, judged=True)
            self._output = None

    def _show(self, session: Session, judged: bool) -> None:
        try:
            begun = self._cpu()
            with threadpool_limits(1, "blas"):  # more threads would spin in training's way
                session.write_out()
                snapshot = self._follower.look(last=judged)
            if snapshot is None:
                return
            bundle = draw(snapshot)
            if self._output is None:
                self._output = self._display(bundle, raw=True, display_id=True)
            else:
                self._output.update(bundle, raw=True)
            self._shown = (session.step, session.is_closing)
            self._next = self._clock() + max(SHOW_EVERY_S, (self._cpu() - begun) / BUSY_SHARE)
        except Exception as error:  # noqa: BLE001 - whatever fails here, the training goes on
            self._off = True
            off = Message(
                "gandoctor: {name} failed and is off; training is not affected ({kind}: {error})",
                name="the live view",
                kind=type(error).__name__,
                error=str(error),
            )
            warn(off, stacklevel=3)
