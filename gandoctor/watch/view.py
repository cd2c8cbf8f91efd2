"""Terminal views: the full screen of a watched run, and one progress line otherwise."""

from __future__ import annotations

import os
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleDimensions
from rich.live import Live
from rich.text import Text

from gandoctor.printable import printable
from gandoctor.watch.follow import Snapshot
from gandoctor.watch.frame import Canvas, draw_frame
from gandoctor.watch.lines import progress_line

WAITING = "Starting: the training process is loading TensorFlow and its data."


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
        hint: What the reader can press, shown in the last line while there is no notice.
    """

    def __init__(self, console: Console, hint: str) -> None:
        super().__init__(console, full_screen=True)
        self._hint = hint

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Draw."""
        canvas = canvas_of(self._console)
        if snapshot is None:
            waiting = Text(WAITING + "\n" * max(1, canvas.height - 1) + (notice or self._hint))
            self._live.update(waiting, refresh=True)
        else:
            self._live.update(draw_frame(snapshot, notice or self._hint, canvas), refresh=True)


class ProgressView(_LiveView):
    """One line that is overwritten, for a run that is not watched."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, full_screen=False)

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Draw."""
        text = WAITING if snapshot is None else progress_line(snapshot)
        line = Text(printable(f"{notice}  {text}" if notice else text), no_wrap=True, overflow="ellipsis")
        self._live.update(line, refresh=True)


def canvas_of(console: Console) -> Canvas:
    """Return what the terminal can show at this moment, and tell the console of its size."""
    with suppress(OSError, ValueError):
        # rich would believe an exported COLUMNS and LINES, which do not change when the window does.
        console.size = ConsoleDimensions(*os.get_terminal_size(console.file.fileno()))
    return Canvas(
        width=console.width,
        height=console.height,
        colour=not console.no_color and console.color_system is not None,
        ascii_only=not console.encoding.lower().startswith("utf"),
    )
