"""Opens the files of a run directory: regular ones that lie in it. Nothing else is waited for, followed or believed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

STEP_MAX = 10**12
DEEPEST = 32
INTEGER_BITS = 63
_NEVER_WAITS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class NotAFileOfTheRun(OSError):
    """A device, pipe or folder, or a link that leads out of the run directory."""


def opened(run_dir: Path, path: Path) -> BinaryIO:
    """Open a file of a run directory for reading. A link is followed only where it leads to a file of the directory.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read, or is no such file.
    """
    try:
        real, home = (Path(os.path.realpath(place)) for place in (path, run_dir))
        if not real.is_relative_to(home):
            raise NotAFileOfTheRun("it leads out of the run directory")
        if not stat.S_ISREG(real.stat().st_mode):  # asked before opening: to open a device may do something
            raise NotAFileOfTheRun("it is not a regular file")
        handle = os.open(real, os.O_RDONLY | _NEVER_WAITS)
    except ValueError as error:  # a null character
        raise OSError(str(error)) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise NotAFileOfTheRun("it is not a regular file")
    return os.fdopen(handle, "rb")


def read_whole(run_dir: Path, path: Path, most: int) -> bytes:
    """Read a file of a run directory of at most so many bytes.

    Raises:
        OSError: It cannot be read, is larger, or is no file of the directory.
    """
    with opened(run_dir, path) as file:
        content = file.read(most + 1) if os.fstat(file.fileno()).st_size <= most else None
    if content is None or len(content) > most:
        raise OSError(f"it is larger than {most} bytes")
    return content


def bounded(content: Any, deep: int = DEEPEST) -> Any:
    """Return what JSON held with "…" in place of what is nested too deeply, and too large integers as text."""
    if isinstance(content, dict):
        return {str(key): bounded(value, deep - 1) for key, value in content.items()} if deep else "…"
    if isinstance(content, list):
        return [bounded(value, deep - 1) for value in content] if deep else "…"
    if isinstance(content, int) and content.bit_length() > INTEGER_BITS:
        return f"{'-' if content < 0 else ''}an integer of {content.bit_length()} bits"
    return content
