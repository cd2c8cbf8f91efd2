"""Relay: pass on what a script prints, line by line, as it grows in the log."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

READ_MAX_BYTES = 256 * 1024
"""At most this much is read a look; the log keeps everything."""


class Relay:
    """Reads a growing text file and writes its complete lines.

    Of a line that was overwritten with carriage returns, as progress bars do, only its last state is passed on.

    Args:
        path: The file; it may not exist yet.
        write: Takes one line without its newline.
    """

    def __init__(self, path: Path, write: Callable[[str], None]) -> None:
        self._path = path
        self._write = write
        self._position = 0
        self._pending = b""

    def look(self, last: bool = False) -> None:
        """Pass on what is new.

        Args:
            last: Nothing more will be written: read to the end, an unfinished line included.
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
    """Return the lines from the last traceback in the file to its end; none if it holds none near its end."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - READ_MAX_BYTES))
            tail = file.read(READ_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    _, found, after = tail.rpartition("Traceback (most recent call last):")
    return (found + after).splitlines() if found else []
