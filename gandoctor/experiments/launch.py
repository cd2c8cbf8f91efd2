"""Start a training in a child process, follow it, and end it: after its current step, or at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from gandoctor.errors import NotWritable
from gandoctor.experiments.job import LOG_NAME, ChildMessage, Control, ExitStatus, Job
from gandoctor.experiments.saved import is_saved
from gandoctor.experiments.target import DEFAULT_TARGET, check_snapshots, check_target, is_script, split_target
from gandoctor.store import load_run

CHILD = (sys.executable, "-m", "gandoctor.experiments.child.main")

Ending = Literal["completed", "unusable", "crashed", "interrupted", "killed"]


@dataclass(frozen=True)
class Outcome:
    """How the child ended.

    Attributes:
        ending: "killed" means that a signal from elsewhere ended the child: out of memory, `kill -9`, a segmentation
            fault.
        reason: Why the child ended, as one message. None if all went well.
        exit_status: Exit status of a script, or None if it is not known.
        where: A sentence that names the log, if the log says more.
        stands_by: Whether another process of the same training records it.
    """

    ending: Ending
    reason: str | None = None
    exit_status: int | None = None
    where: str | None = None
    stands_by: bool = False

    @property
    def message(self) -> str | None:
        """The reason and where to read more."""
        return f"{self.reason}\n{self.where}" if self.reason and self.where else self.reason


class ChildTraining:
    """A training that runs in a child process and records into its run directory.

    The child leads its own session, so that Ctrl-C in the terminal reaches only this process.

    Args:
        job: What to train.
        command: The command that starts the child; tests replace it.

    Attributes:
        runs: Run directories in order of first use, each with the class name of its model if a script trains it. A
            script may train several GANs or choose its own directory.

    Raises:
        NotWritable: The run directory is not empty or cannot be created; or it is to be resumed and holds no run, or
            one that is still being written.
        UnusableTarget: The target is malformed or does not exist.
    """

    def __init__(self, job: Job, command: Sequence[str] = CHILD) -> None:
        check_target(job.target, job.options, job.arguments, job.dry_run_steps)
        if job.snapshots or job.from_snapshot:
            check_snapshots(job.target)
        self.job = job
        self.runs: dict[Path, str | None] = {} if is_script(job.target) else {Path(job.run_dir): None}
        self._recording = self.run_dir = Path(job.run_dir)
        self._unread = b""
        self._last_message: ChildMessage | None = None
        self.log_path = self.run_dir / LOG_NAME
        self._created = _to_resume(self.run_dir) if job.resume else _make_run_dir(self.run_dir)
        with self.log_path.open("ab" if job.resume else "wb") as log:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=_environment(os.environ),
            )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)  # a grandchild may keep the other end open
        self._outcome: Outcome | None = None
        self._killed_by_us = False
        self._send(job.model_dump_json())

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Return whether the child has ended, without waiting."""
        return self._process.poll() is not None

    def wait(self, seconds: float) -> bool:
        """Wait for the child, at most this many seconds; return whether it has ended."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def interrupt(self) -> None:
        """Ask the child to finish its step and close the run as interrupted."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def stop(self, why: str) -> None:
        """Ask the child to finish its step and close the run as stopped; `why` is recorded."""
        self._send(Control(reason="stopped", why=why).model_dump_json())

    def kill(self) -> None:
        """End the child and every process that it started, at once."""
        self._killed_by_us = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    @property
    def recording(self) -> Path:
        """The current run directory; before recording starts, the default one."""
        self._listen()
        return self._recording

    def outcome(self) -> Outcome:
        """Wait for the child and return how it ended. If the job was unusable, remove the files created for it."""
        if self._outcome is None:
            self._outcome = self._read_outcome()
        return self._outcome

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _read_outcome(self) -> Outcome:
        assert self._process.stdout is not None
        status = self._process.wait()
        self._listen()
        self._process.stdout.close()
        with suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        return self._interpret(status, self._last_message)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        if self._process.stdout.closed:
            return
        with suppress(BlockingIOError):
            while received := os.read(self._process.stdout.fileno(), 65536):
                self._unread += received
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self._receive(line)

    def _receive(self, line: bytes) -> None:
        try:
            message = ChildMessage.model_validate_json(line)
        except ValidationError:
            return
        if message.recording is None:
            self._last_message = message
            return
        self._recording = _make_relative(Path(message.recording))
        self.runs.setdefault(self._recording, message.model)

    def _interpret(self, status: int, message: ChildMessage | None) -> Outcome:
        log = f"The log is {self.log_path}."
        exit_status = message.exit_status if message is not None else None
        if status == ExitStatus.COMPLETED:
            if message is None:
                return Outcome("completed")
            return Outcome("completed", message.error, exit_status, stands_by=message.stands_by)
        if status == ExitStatus.INTERRUPTED or self._killed_by_us:
            return Outcome("interrupted", "The training was interrupted.")
        if status in (ExitStatus.UNUSABLE, ExitStatus.CRASHED) and message is not None and message.error is not None:
            where = f"The traceback is in {self.log_path}." if message.traceback_in_log else None
            if status == ExitStatus.UNUSABLE and where is None:
                self.remove_created_files()
            ending: Ending = "unusable" if status == ExitStatus.UNUSABLE else "crashed"
            return Outcome(ending, message.error, exit_status, where)
        if status < 0:
            name = signal.Signals(-status).name
            cause = " Out of memory?" if -status == signal.SIGKILL else ""
            return Outcome("killed", f"The training process was killed by {name}.{cause}", where=log)
        return Outcome("crashed", f"The training process ended with status {status}.", where=log)

    def holds_only_the_log(self) -> bool:
        """Tell whether nothing lies in the run directory but the log: nothing was recorded there."""
        with suppress(OSError):
            return all(entry == self.log_path for entry in self.run_dir.iterdir())
        return False

    def remove_created_files(self) -> None:
        """Remove the log and the directories that were created for it, unless something else lies in them.

        Call it only where nothing was recorded and nobody needs the log.
        """
        with suppress(OSError):
            for path in self._created:
                if path == self.log_path:
                    path.unlink()
                else:
                    path.rmdir()


def default_run_dir(options: Mapping[str, object], target: str, now: datetime) -> Path:
    """Return runs/<date>-<time>-<name>, where the name is the preset or the target's module or script."""
    if is_script(target) or is_saved(target):
        name: object = Path(target).stem
    else:
        module, _ = split_target(target)
        name = options.get("preset") or ("dcgan" if target == DEFAULT_TARGET else module.rpartition(".")[2])
    return Path("runs") / f"{now:%Y%m%d-%H%M%S}-{name}"


def _to_resume(run_dir: Path) -> list[Path]:
    """Make sure that the directory holds a run that nobody writes; return the files that will be new: none."""
    run = load_run(run_dir)
    if run.state == "running":
        raise NotWritable(f"{run_dir} is being written by a training that is still running.")
    if not os.access(run_dir, os.W_OK):
        raise NotWritable(f"{run_dir} cannot be written.")
    return []


def _make_relative(path: Path) -> Path:
    """Return the path relative to the working directory if it lies in there."""
    with suppress(ValueError, OSError):
        return path.relative_to(Path.cwd())
    return path


def _make_run_dir(run_dir: Path) -> list[Path]:
    """Create the directory and the log in it; return what is new of the log, the directory and those above it."""
    try:
        new = [path for path in (run_dir / LOG_NAME, run_dir, *run_dir.parents) if not path.exists()]
        if run_dir.exists() and any(entry.name != LOG_NAME for entry in run_dir.iterdir()):
            raise NotWritable(f"{run_dir} already exists and is not empty. Choose another directory with --run-dir.")
        run_dir.mkdir(parents=True, exist_ok=True)
        (run_dir / LOG_NAME).touch()
    except OSError as error:
        raise NotWritable(
            f"Cannot create run directory {run_dir}: {error.strerror or error}. "
            "Choose another directory with --run-dir."
        ) from None
    return new


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    return {"TF_CPP_MIN_LOG_LEVEL": "3", **ours, "PYTHONUNBUFFERED": "1"}
