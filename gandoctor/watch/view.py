"""Terminal views: the full screen of a watched run, and one progress line otherwise."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions
from rich.live import Live
from rich.text import Text

from gandoctor.errors import GandoctorError
from gandoctor.message import Message, Say
from gandoctor.printable import printable
from gandoctor.watch.canvas import Canvas, fit
from gandoctor.watch.frame import draw_frame
from gandoctor.watch.lines import progress_line
from gandoctor.watch.pages import KEYS, Page, draw_page
from gandoctor.watch.snapshot import Snapshot
from gandoctor.watch.waiting import LOADING, doing, spinner

_SCROLLED = {"j": 1, "\x1b[B": 1, "k": -1, "\x1b[A": -1, " ": 10, "\x1b[6~": 10, "b": -10, "\x1b[5~": -10}
"""Key -> the lines by which it moves a page."""
_KEY = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|.", re.DOTALL)
"""One key in what was read from the terminal: several may have been pressed since the last look."""


class _LiveView:
    def __init__(self, console: Console, full_screen: bool) -> None:
        self._console = console
        self._live = Live(
            console=console,
            screen=full_screen,
            transient=not full_screen,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        """Take the terminal."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back as it was."""
        self._live.stop()


class ScreenView(_LiveView):
    """The full screen, drawn anew at the size the terminal has now.

    Args:
        console: A terminal.
        quit_hint: What q and Ctrl-C do, said in the last line.
        report: Writes the report of what is shown and returns its path; called for the key r.
        say: Says messages in the reader's language.
        starting: What the training does before it records.
        clock: Time in seconds.
    """

    def __init__(
        self,
        console: Console,
        quit_hint: Message,
        report: Callable[[Snapshot], Path],
        say: Say = str,
        starting: Message = LOADING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(console, full_screen=True)
        self._quit_hint = quit_hint
        self._report = report
        self._say = say
        self._starting = starting
        self._clock = clock
        self._began = clock()
        self._page: Page = "overview"
        self._first = 0
        self._told: str | None = None
        self._snapshot: Snapshot | None = None

    def press(self, keys: str) -> bool:
        """Do what keys ask for; the next `show` shows it. Return whether the reader has had enough."""
        for key in _KEY.findall(keys):
            self._told = None
            if key in _SCROLLED:
                self._first = max(0, self._first + _SCROLLED[key])
            elif key.lower() in KEYS or key == "\x1b":
                opened = KEYS.get(key.lower(), "overview")
                self._page = "overview" if opened == self._page else opened
                self._first = 0
            elif key in ("r", "R") and self._snapshot is not None:
                self.show(self._snapshot, self._say(Message("Writing the report.")))  # which takes some seconds
                self._told = self._written(self._snapshot)
            elif key in ("q", "Q"):
                return True
        return False

    def _written(self, snapshot: Snapshot) -> str:
        try:
            return self._say(Message("Report: {path}", path=str(self._report(snapshot))))
        except GandoctorError as error:
            return str(error)

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Draw."""
        self._snapshot = snapshot
        canvas = canvas_of(self._console, self._say)
        foot = printable(notice or self._told or self._hint(canvas))
        if snapshot is None:
            waiting = spinner(self._starting, self._clock() - self._began, canvas)
            lines = [*canvas.wrap(waiting), *[Text()] * canvas.height][: max(1, canvas.height - 1)]
            frame = Text("\n").join([*lines, fit(Text(foot, "dim"), canvas.width)])
        elif self._page == "overview":
            frame = draw_frame(snapshot, None if snapshot.lost and not (notice or self._told) else foot, canvas)
        else:
            frame, self._first = draw_page(self._page, snapshot, foot, canvas, self._first)
        self._live.update(frame, refresh=True)

    def _hint(self, canvas: Canvas) -> str:
        """Return what can be pressed, as much of it as fits."""
        if self._page == "overview":
            pages = Message("s samples  d details  c checks  r report")
        else:
            pages = Message("Esc back  j k scroll  s d c pages  r report")
        whole = f"{canvas.said(pages)}  {canvas.said(self._quit_hint)}"
        return whole if Text(whole).cell_len <= canvas.width else canvas.said(Message("s d c pages  r report  q quit"))


class ProgressView(_LiveView):
    """One line that is overwritten, for a run that is not watched.

    Args:
        console: A terminal.
        say: Says messages in the reader's language.
        starting: What the training does before it records.
        clock: Time in seconds.
    """

    def __init__(
        self,
        console: Console,
        say: Say = str,
        starting: Message = LOADING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(console, full_screen=False)
        self._say = say
        self._starting = starting
        self._clock = clock
        self._began = clock()

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Draw."""
        canvas = canvas_of(self._console, self._say)
        if snapshot is None:
            text = spinner(self._starting, self._clock() - self._began, canvas)
        elif (what := doing(snapshot)) is not None and snapshot.step == 0:
            text = spinner(what, snapshot.elapsed_s, canvas)
        else:
            text = progress_line(snapshot, canvas.say)
        line = Text(printable(f"{notice}  {text}" if notice else text), no_wrap=True, overflow="ellipsis")
        self._live.update(line, refresh=True)


def canvas_of(console: Console, say: Say = str) -> Canvas:
    """Return what the terminal can show at this moment, and tell the console of its size."""
    with suppress(OSError, ValueError):
        # rich would believe an exported COLUMNS and LINES, which do not change when the window does.
        console.size = ConsoleDimensions(*os.get_terminal_size(console.file.fileno()))
    ascii_only = not console.encoding.lower().startswith("utf")
    return Canvas(
        width=console.width,
        height=console.height,
        colour=not console.no_color and console.color_system is not None,
        ascii_only=ascii_only,
        say=str if ascii_only else say,
    )
