"""Finding the session that records a training, given the monitor or its run directory."""

from __future__ import annotations

import os
from pathlib import Path

from gandoctor.monitors.monitor import SESSIONS, STANDING_BY, Monitor
from gandoctor.recording.session.session import Session

Where = str | os.PathLike[str] | Monitor


def open_session(where: Where) -> Session | None:
    """Return the session that records to this place in this process, or None (yet)."""
    return where.session if isinstance(where, Monitor) else SESSIONS.get(Path(where).resolve())


def is_recorded_elsewhere(where: Where) -> bool:
    """Tell whether this process is one of several that train together, and the chief records to this place."""
    return run_dir_of(where).resolve() in STANDING_BY


def is_shared_training(where: Where) -> bool:
    """Tell whether the training recorded to this place runs in several processes together."""
    session = open_session(where)
    if session is None:
        return is_recorded_elsewhere(where)
    return session.backend.spans_processes


def run_dir_of(where: Where) -> Path:
    """Return the run directory: where the session really writes, or else where it was told to."""
    session = open_session(where)
    if session is not None:
        return session.writer.path
    return where.options.directory if isinstance(where, Monitor) else Path(where)
