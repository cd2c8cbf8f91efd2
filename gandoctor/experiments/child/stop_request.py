"""StopRequest: how a training child is asked to end: by signal, by its launcher, or by the launcher's death."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from pydantic import ValidationError

from gandoctor.experiments.job import Control

SIGNALS = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


class DryRunEnded(SystemExit):
    """Raised out of the training once a dry run has its steps; as an exit, so that nobody's `except` takes it."""


class StopRequest:
    """Asked at most once to stop; the training loop looks at `reason` after every step.

    A flag and not an exception: one raised by a signal inside TensorFlow would lose the step's records.
    Before training has begun there is nothing to lose, and KeyboardInterrupt is raised at once.

    Attributes:
        dry_run_steps: See `Job`; set once the job is known.
        reason: None, "interrupted" or "stopped".
        why: What the launcher gave as the cause, or None.
    """

    def __init__(self) -> None:
        self.dry_run_steps: int | None = None
        self.reason: str | None = None
        self.why: str | None = None
        self._signals = 0
        self._training = False

    def stepped(self, step: int) -> None:
        """Take note of a completed training step: the last one of a dry run asks to stop."""
        if self.reason is None and self.dry_run_steps is not None and step >= self.dry_run_steps:
            self.reason, self.why = "stopped", "dry run"

    def leave_dry_run(self) -> None:
        """Leave the training at once if this is a dry run: what comes after it may save, plot or train on.

        Raises:
            DryRunEnded: It is one.
        """
        if self.dry_run_steps is not None:
            raise DryRunEnded

    def training_begins(self) -> None:
        """From here on a request sets the flag and no longer raises.

        Raises:
            KeyboardInterrupt: A request has already come.
        """
        self._training = True
        if self.reason is not None:
            raise KeyboardInterrupt

    def training_ends(self) -> None:
        """From here on a signal raises KeyboardInterrupt again."""
        self._training = False

    def listen_to_signals(self) -> None:
        """Take SIGINT, SIGTERM and SIGHUP as requests; the second one ends the process at once."""
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    @staticmethod
    def stop_listening() -> None:
        """Ignore further signals: the run is closed, and one that came now would only spoil the exit status."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def listen_to_launcher(self, control_fd: int) -> None:
        """Read `Control` lines from a pipe in the background; its end counts as an interruption."""
        threading.Thread(target=self._read_control, args=(control_fd,), daemon=True).start()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.reason = self.reason or "interrupted"
        if not self._training:
            raise KeyboardInterrupt

    def _read_control(self, control_fd: int) -> None:
        # os.read and not a file object: a daemon thread blocked in a buffered reader cannot be shut down.
        pending = b""
        while chunk := os.read(control_fd, 4096):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                self._on_control(line)
        if self._signals == 0 and self.reason is None:
            os.kill(os.getpid(), signal.SIGTERM)

    def _on_control(self, line: bytes) -> None:
        try:
            control = Control.model_validate_json(line)
        except ValidationError:
            return
        if self.reason is None:
            self.reason, self.why = control.reason, control.why
