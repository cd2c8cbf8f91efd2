"""StopOnFinding: end a doomed training early; judged in a process of its own, from the run directory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from gandoctor.errors import GandoctorError
from gandoctor.judgement import SEVERITIES, DetectedFinding, Judgement, Patience, SeverityName
from gandoctor.message import Message
from gandoctor.monitors.callback import TrainingCallback
from gandoctor.monitors.guards.where import Where, is_recorded_elsewhere, is_shared_training, open_session, run_dir_of
from gandoctor.recording.warning import warn
from gandoctor.store.events import append_event

JUDGE = (sys.executable, "-m", "gandoctor.watch.judge")


class StopOnFinding(TrainingCallback):
    """Stops training when the rules have detected a severe finding several times in a row.

    As a Keras callback: `gan.fit(dataset, callbacks=[monitor, StopOnFinding(monitor)])`. In a hand-written loop::

        with GANMonitor(...) as monitor, StopOnFinding(monitor) as guard:
            for step in range(steps):
                ...
                monitor.step(d_loss=d_loss, g_loss=g_loss)
                if guard.should_stop:
                    break

    The judge is a child process that reads the run directory every few seconds: the training thread only looks at a
    flag. What cannot be read never stops anything, nor does a judge that fails. What stopped the run is a `guard`
    event in it, and the report says so.

    Several workers that train together (MultiWorkerMirroredStrategy) must stop after the same step, or wait for each
    other for ever: there it stops nothing, and says so at the beginning.

    Args:
        run_dir_or_monitor: The monitor that records this training, or its run directory.
        severity: "info", "warning" or "critical": the least severe finding that stops. Defaults to "critical".
        patience: How many judgements in a row must detect the same finding, each of a longer run than the one before.
            Judgements are at least 3 seconds apart. Defaults to 2.

    Attributes:
        stopped_by: The finding that stopped the training, or None.
        stopped_at: The step of the judgement that did.

    Raises:
        GandoctorError: Severity or patience is not one of those.
    """

    def __init__(self, run_dir_or_monitor: Where, severity: SeverityName = "critical", patience: int = 2) -> None:
        super().__init__()
        if severity not in SEVERITIES:
            raise GandoctorError(f"severity={severity!r} is unknown; use one of {', '.join(SEVERITIES)}.")
        if not isinstance(patience, int) or patience < 1:
            raise GandoctorError(f"patience must be a whole number of judgements, at least 1; found {patience!r}.")
        self.severity: SeverityName = severity
        self.patience = patience
        self.stopped_by: DetectedFinding | None = None
        self.stopped_at: int | None = None
        self._where = run_dir_or_monitor
        self._judge: _Judge | None = None
        self._told = False
        self._is_off = False

    @property
    def should_stop(self) -> bool:
        """Whether the training should end now; cheap enough to ask after every step."""
        judge = self._judge
        if judge is None:
            if not self._is_off:
                self._start()
            return False
        if judge.failure is not None and not self._told:
            self._told = True
            self._say(judge.failure)
        if judge.verdict is None:
            return False
        if self.stopped_by is None:
            self.stopped_by, self.stopped_at = judge.verdict
            self._record(self.stopped_by, self.stopped_at)
        return True

    def close(self) -> None:
        """End the judge; safe to call twice. Needed in a hand-written loop without `with`."""
        if self._judge is not None:
            self._judge.close()
            self._judge = None

    # Keras callback and context manager. ----------------------------------------------------------------------

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start the judge, with its patience renewed."""
        self.close()
        self.stopped_by = self.stopped_at = None
        self._told = False
        self._start()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """End the training if it is doomed."""
        if self.should_stop:
            session = open_session(self._where)
            if session is None or not session.backend.stop():
                self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """End the judge."""
        self.close()

    def __enter__(self) -> Self:
        self.on_train_begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -----------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._is_off = is_shared_training(self._where)
        if self._is_off:
            if not is_recorded_elsewhere(self._where):
                self._say(Message("several workers train together and would have to stop after the same step"))
            return
        self._judge = _Judge(run_dir_of(self._where), Patience(self.severity, self.patience))

    def _step(self) -> int:
        session = open_session(self._where)
        return 0 if session is None else session.step

    def _record(self, finding: DetectedFinding, judged_step: int) -> None:
        with suppress(OSError):
            append_event(
                run_dir_of(self._where),
                "guard",
                self._step() or judged_step,
                guard=type(self).__name__,
                finding=finding.id,
                name=finding.name,
                title=finding.title,
                severity=finding.severity,
                judged_step=judged_step,
                patience=self.patience,
            )

    def _say(self, failure: Message) -> None:
        text = Message("StopOnFinding stops nothing: {failure}.", failure=failure)
        warn(Message("gandoctor: {text}", text=text), stacklevel=3)
        with suppress(OSError):
            append_event(
                run_dir_of(self._where),
                "monitor_warning",
                self._step(),
                monitor=type(self).__name__,
                message=str(text),
            )


class _Judge:
    """The judge's process and the thread that waits for its lines.

    Attributes:
        verdict: The finding that has run out of patience and the step judged, once there is one.
        failure: Why no further judgement will come, if so.
    """

    def __init__(self, run_dir: Path, patience: Patience) -> None:
        self.verdict: tuple[DetectedFinding, int] | None = None
        self.failure: Message | None = None
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        try:
            # Its own session: the terminal's Ctrl-C is for the training. Its input ends when this process does.
            process = subprocess.Popen(
                [*JUDGE, str(run_dir.resolve())],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            self.failure = Message("the judging process cannot be started ({error})", error=str(error))
            return
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        self._reader.join()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        pending = b""
        # os.read and not a buffered reader: a daemon thread blocked in one cannot be shut down.
        while chunk := os.read(process.stdout.fileno(), 65536):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                self._take(line)
        if self._process is not None and self.verdict is None:
            self.failure = Message("the judging process has ended")

    def _take(self, line: bytes) -> None:
        try:
            judgement = Judgement.model_validate_json(line)
        except ValidationError:
            return
        finding = self._patience.take(judgement)
        if finding is not None and self.verdict is None:
            self.verdict = finding, judgement.step
