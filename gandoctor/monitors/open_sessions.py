"""Finding the session that records a training, given the monitor or its run directory."""

from __future__ import annotations

import os
from pathlib import Path

from gandoctor.monitors.monitor import _SESSIONS, Monitor
from gandoctor.monitors.session import Session

Where = str | os.PathLike[str] | Monitor


def open_session(where: Where) -> Session | None:
    """Return the session that records to this place in this process, or None (yet)."""
    return where.session if isinstance(where, Monitor) else _SESSIONS.get(Path(where).resolve())


def run_dir_of(where: Where) -> Path:
    """Return the run directory: where the session really writes, or else where it was told to."""
    session = open_session(where)
    if session is not None:
        return session.writer.path
    return where.options.run_dir if isinstance(where, Monitor) else Path(where)
