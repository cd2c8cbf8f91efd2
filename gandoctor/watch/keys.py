"""Single key presses from the terminal, without echo, while a view has it."""

from __future__ import annotations

import os
import select
import sys
import time
from types import TracebackType
from typing import Any, Self

try:
    import termios
    import tty
except ImportError:  # no such terminals here: the view works, only without keys
    termios = None  # type: ignore[assignment]


class Keyboard:
    """Reads key presses from standard input while entered; restores the terminal when left.

    Without a terminal on standard input it only waits.
    """

    def __init__(self) -> None:
        self._fd: int | None = None
        self._saved: list[Any] = []

    def __enter__(self) -> Self:
        """Turn off line buffering and echo; Ctrl-C keeps its meaning."""
        if termios is not None and sys.stdin is not None and sys.stdin.isatty():
            self._fd = sys.stdin.fileno()
            self._saved = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the terminal."""
        if self._fd is not None:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)
            self._fd = None

    @property
    def is_there(self) -> bool:
        """Tell whether keys can be read."""
        return self._fd is not None

    def wait(self, seconds: float) -> str:
        """Return the keys pressed within that time, "" if none; returns at the first."""
        if self._fd is None:
            time.sleep(seconds)
            return ""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return ""
        keys = os.read(self._fd, 64)
        if not keys:
            self._fd = None  # the terminal went away
        return keys.decode("utf-8", "replace")
