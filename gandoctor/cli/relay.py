"""Relay: show a script's output line by line while its log grows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

READ_MAX_BYTES = 256 * 1024
"""Most bytes read from the log at a time; the log keeps everything."""


class Relay:
    """Reads a growing text file and writes its complete lines.

    Progress bars overwrite a line with carriage returns. Only the last state of such a line is written.

    Args:
        path: The file, which may not exist yet.
        write: Called with each line, without its newline.
    """

    def __init__(self, path: Path, write: Callable[[str], None]) -> None:
        self._path = path
        self._write = write
        self._position = 0
        self._pending = b""

    def look(self, last: bool = False) -> None:
        """Write the lines that are new.

        Args:
            last: Whether the file is complete. If so, read to its end and include an unfinished line.
        """
        while chunk := self._read():
            *lines, self._pending = (self._pending + chunk).split(b"\n")
            for line in lines:
                self._pass_on(line)
            if not last:
                break
        if last and self._pending:
            self._pass_on(self._pending)
            self._pending = b""

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                chunk = file.read(READ_MAX_BYTES)
        except OSError:
            return b""
        self._position += len(chunk)
        return chunk

    def _pass_on(self, line: bytes) -> None:
        self._write(line.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace"))


def last_traceback(path: Path) -> list[str]:
    """Return the lines from the last traceback to the end of the file; empty if there is none near the end."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - READ_MAX_BYTES))
            tail = file.read(READ_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    _, marker, after = tail.rpartition("Traceback (most recent call last):")
    return (marker + after).splitlines() if marker else []
