"""The event log `events.jsonl`, which records how a run started, resumed, failed and ended. It only grows."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gandoctor.message import Message
from gandoctor.store.files import STEP_MAX, bounded, opened

EVENTS_NAME = "events.jsonl"
HEAD_BYTES = 256
"""Begin of the file, by which another file in its place shows: a number may be used again."""
EVENT_MAX_BYTES = 2**20
LOG_MAX_BYTES = 32 * 2**20
LINES_MAX = 100_000
LINES_NAMED = 20
"""Unreadable lines that are named each."""


class Event(BaseModel):
    """One line of the log. Other fields are kept in `model_extra`.

    Attributes:
        kind: "started", "resumed", "monitor_error", "monitor_warning", "fault", "checkpoint",
            "fitted_briefly" (in a check: fits that are no GAN's), "changed" (a value of the training that was set
            before it began), "forked" (what is before is another run's), "data_changed" (real data have another shape
            than before) or "ended".
        step: Global step of the event.
        time: Unix time in seconds.
    """

    model_config = ConfigDict(extra="allow")

    kind: str
    step: int = Field(default=0, ge=0, le=STEP_MAX)
    time: float = Field(default=0.0, allow_inf_nan=False)

    def names(self, field: str) -> list[str]:
        """Return a field of the log as a list of names; empty where it is none."""
        value = (self.model_extra or {}).get(field)
        return [str(name) for name in value] if isinstance(value, list) else []


def append_event(run_dir: Path, kind: str, step: int, **fields: Any) -> None:
    """Append one event in a single write, so that only the last line of the file can be incomplete.

    Such a line, of a writer that was killed, is ended first: it costs no event but itself.
    """
    line = json.dumps({"kind": kind, "step": step, "time": time.time(), **fields}, default=str)
    with (run_dir / EVENTS_NAME).open("a+b") as file:
        torn = False
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        file.write((b"\n" if torn else b"") + line.encode() + b"\n")


class EventLog:
    """Reads the log of a run directory from where the last call stopped.

    Attributes:
        events: The readable events, in order.
        was_replaced: Whether another file was found in the place of the one read before: another run's.
    """

    def __init__(self, run_dir: Path) -> None:
        self.events: list[Event] = []
        self.was_replaced = False
        self._run_dir = run_dir
        self._path = run_dir / EVENTS_NAME
        self._failure: Message | None = None
        self._unreadable: list[int] = []
        self._more = 0
        self._lines = 0
        self._offset = 0
        self._file: int | None = None
        self._head = b""

    def read_new(self) -> None:
        """Read the lines that were completed since."""
        self._failure = None
        try:
            with opened(self._run_dir, self._path) as file:
                status = os.fstat(file.fileno())
                head = file.read(HEAD_BYTES)
                if self._file not in (None, status.st_ino) or not head.startswith(self._head):
                    self.__init__(self._run_dir)  # type: ignore[misc] # another file is in its place
                    self.was_replaced = True
                self._file, self._head = status.st_ino, head
                file.seek(self._offset)
                while not self.is_too_long and (line := file.readline(EVENT_MAX_BYTES)):
                    if not line.endswith(b"\n") and len(line) < EVENT_MAX_BYTES:
                        return  # an incomplete last line: the writer was killed or is still writing
                    self._offset += len(line)
                    self._lines += 1
                    self._take(line)
        except FileNotFoundError:
            self._failure = Message(
                "{file} is missing: when the run started and how it ended is not known.", file=EVENTS_NAME
            )
        except OSError as error:
            self._failure = Message("{file} cannot be read: {error}.", file=EVENTS_NAME, error=str(error))

    @property
    def is_too_long(self) -> bool:
        """Whether the log is longer than any training writes; its end is not read."""
        return self._lines >= LINES_MAX or self._offset >= LOG_MAX_BYTES

    @property
    def gaps(self) -> list[Message]:
        """Messages about what could not be read."""
        gaps = [self._failure] if self._failure is not None else []
        gaps += [
            Message("{file} line {number} is not a gandoctor event and was left out.", file=EVENTS_NAME, number=number)
            for number in self._unreadable
        ]
        if self._more:
            gaps.append(Message("{file}: {count} more lines are no events.", file=EVENTS_NAME, count=self._more))
        if self.is_too_long:
            gaps.append(
                Message("{file} is too long; it was read up to line {number}.", file=EVENTS_NAME, number=self._lines)
            )
        return gaps

    def _take(self, line: bytes) -> None:
        try:
            if not line.startswith(b"{"):
                raise ValueError("no object")
            self.events.append(Event.model_validate(bounded(json.loads(line))))
        except (ValidationError, ValueError, RecursionError):
            if len(self._unreadable) < LINES_NAMED:
                self._unreadable.append(self._lines)
            else:
                self._more += 1
