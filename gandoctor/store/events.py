"""The event log `events.jsonl`, which records how a run started, resumed, failed and ended. It only grows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from gandoctor.message import Message

EVENTS_NAME = "events.jsonl"
EVENT_MAX_BYTES = 2**20


class Event(BaseModel):
    """One line of the log. Other fields are kept in `model_extra`.

    Attributes:
        kind: "started", "resumed", "monitor_error", "monitor_warning", "fault", "checkpoint",
            "fitted_briefly" (in a check: fits that are no GAN's) or "ended".
        step: Global step of the event.
        time: Unix time in seconds.
    """

    model_config = ConfigDict(extra="allow")

    kind: str
    step: int = 0
    time: float = 0.0


def append_event(run_dir: Path, kind: str, step: int, **fields: Any) -> None:
    """Append one event in a single write, so that only the last line of the file can be incomplete."""
    line = json.dumps({"kind": kind, "step": step, "time": time.time(), **fields}, default=str)
    with (run_dir / EVENTS_NAME).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read_events(run_dir: Path, gaps: list[Message]) -> Iterator[Event]:
    """Yield the readable events in order; add a message to `gaps` for every unreadable line."""
    path = run_dir / EVENTS_NAME
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(EVENT_MAX_BYTES), b""), start=1):
                if not line.endswith(b"\n") and len(line) < EVENT_MAX_BYTES:
                    return  # an incomplete last line: the writer was killed or is still writing
                try:
                    yield Event.model_validate_json(line)
                except (ValidationError, ValueError):
                    gaps.append(
                        Message(
                            "{file} line {number} is not a gandoctor event and was left out.",
                            file=EVENTS_NAME,
                            number=number,
                        )
                    )
    except FileNotFoundError:
        gaps.append(Message("{file} is missing: when the run started and how it ended is not known.", file=EVENTS_NAME))
    except OSError as error:
        gaps.append(Message("{file} cannot be read: {error}.", file=EVENTS_NAME, error=str(error)))
