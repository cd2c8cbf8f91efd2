"""Find out whether the process that writes a run is still alive, from its description in the last start event."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

REMOTE_SILENCE_S = 120.0
"""A writer on another machine counts as alive while its newest file is younger than this."""


def describe_this_process() -> dict[str, Any]:
    """Return the host, pid and creation time of this process, by which a reader can recognise it."""
    return {"host": platform.node(), "pid": os.getpid(), "process_created": psutil.Process().create_time()}


def is_alive(description: dict[str, Any], last_write: float) -> bool:
    """Return whether the described process is still running.

    Args:
        description: As returned by `describe_this_process`. If a field is missing, the writer counts as dead.
        last_write: Unix time of the newest file of the run, used if the writer is on another host.
    """
    if description.get("host") != platform.node():
        return time.time() - last_write < REMOTE_SILENCE_S
    try:
        process = psutil.Process(int(description["pid"]))
        same = abs(process.create_time() - float(description["process_created"])) < 1.0
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except (KeyError, TypeError, ValueError, OverflowError, psutil.Error):
        return False


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes that ask for the same out of the block: of two that begin at once, one comes second.

    The lock is the folder's own, so nothing is left behind by a kill. Where a file system or Windows has none, the
    block runs without.
    """
    handle = None
    try:
        with suppress(ImportError, OSError):
            import fcntl

            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        if handle is not None:
            os.close(handle)
