"""StopRequest: asks the training child to stop, on a signal, on the launcher's request, or when the launcher dies."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

from pydantic import ValidationError

from gandoctor.experiments.child.forks import handle
from gandoctor.experiments.job import Control

SIGNALS = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


class DryRunEnded(SystemExit):
    """Ends the training once a dry run has taken its steps. As an exit, it passes the user's `except Exception`."""


class StopRequest:
    """A request to stop, made at most once. The training loop checks `reason` after every step.

    The request is a flag: an exception raised by a signal inside TensorFlow would lose the records of the step.
    Outside training there is nothing to lose, so a signal raises KeyboardInterrupt at once.

    Attributes:
        dry_run_steps: See `Job`; set once the job is known.
        reason: None, "interrupted" or "stopped".
        why: The cause that the launcher gave, or None.
    """

    def __init__(self) -> None:
        self.dry_run_steps: int | None = None
        self.reason: str | None = None
        self.why: str | None = None
        self._signals = 0
        self._training = False

    def count_step(self, step: int) -> None:
        """Request a stop if this completed training step is the last of a dry run."""
        if self.reason is None and self.dry_run_steps is not None and step >= self.dry_run_steps:
            self.reason, self.why = "stopped", "dry run"

    def leave_dry_run(self) -> None:
        """Leave the training at once if this is a dry run; the code that follows may save, plot or train on.

        Raises:
            DryRunEnded: This is a dry run.
        """
        if self.dry_run_steps is not None:
            raise DryRunEnded

    def begin_training(self) -> None:
        """Make requests set the flag instead of raising.

        Raises:
            KeyboardInterrupt: A stop has already been requested.
        """
        self._training = True
        if self.reason is not None:
            raise KeyboardInterrupt

    def end_training(self) -> None:
        """Make signals raise KeyboardInterrupt again."""
        self._training = False

    def listen_to_signals(self) -> None:
        """Treat SIGINT, SIGTERM and SIGHUP as requests; the second signal ends the process at once."""
        handle(SIGNALS, self._on_signal)

    @staticmethod
    def stop_listening() -> None:
        """Ignore further signals. The run is closed, and a signal would only change the exit status."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def listen_to_launcher(self, control_fd: int) -> None:
        """Read `Control` lines from a pipe in the background; the end of the pipe counts as an interruption."""
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
        # os.read, because Python cannot shut down while a daemon thread blocks in a buffered reader.
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
