"""One frame of the watch view: a snapshot laid out for a given width and height.

The head, what was found, the rows beside the samples, and what the reader can press.
"""

from __future__ import annotations

from rich.text import Text

from gandoctor.message import Message
from gandoctor.printable import printable
from gandoctor.watch.canvas import STYLES, Canvas, fit
from gandoctor.watch.found import draw_counts, draw_found
from gandoctor.watch.head import draw_head, verdict_word
from gandoctor.watch.lines import steps_text
from gandoctor.watch.preview import draw_samples
from gandoctor.watch.rows import draw_rows, row_names
from gandoctor.watch.snapshot import Snapshot

NARROWEST, LOWEST = 70, 9
"""Width of a terminal and lines of the body from which on samples are shown beside the rows."""
_SAMPLES_WIDTH = 30
_SAMPLES_SHARE = 0.45
_WIDE = 90
_FOUND_SHARE = 0.4
"""Of the lines, what all findings but the first may take: the rest is counted."""
_NOTHING_YET = {
    True: Message("No step has been recorded yet."),
    False: Message("No losses or scores were recorded."),
}


def draw_frame(snapshot: Snapshot, notice: str | None, canvas: Canvas, has_findings: bool = True) -> Text:
    """Return exactly `canvas.height` lines of at most `canvas.width` cells.

    Args:
        snapshot: What is shown.
        notice: The last line; what is lost of the recording where it is None.
        canvas: What the terminal can show.
        has_findings: Whether to say what was found; it may be said elsewhere.
    """
    head = draw_head(snapshot, canvas)
    foot = fit(Text(printable(notice), STYLES["quiet"]) if notice else _lost(snapshot, canvas), canvas.width)
    room = max(0, canvas.height - len(head) - 1)
    found = draw_found(snapshot, canvas, max(3, int(_FOUND_SHARE * room))) if has_findings else []
    found = found[:room]
    room -= len(found)
    body = _games(snapshot, canvas, room) if snapshot.games else _body(snapshot, canvas, room)
    lines = [*head, *found, *body]
    lines += [Text()] * (canvas.height - 1 - len(lines))
    shown = [*lines[: canvas.height - 1], foot]
    return Text("\n").join(fit(line, canvas.width) for line in shown)


def _lost(snapshot: Snapshot, canvas: Canvas) -> Text:
    """Return what is lost of the recording, or nothing."""
    lost = snapshot.lost
    if not lost:
        return Text()
    said = Message("Not readable: {gap}", gap=lost[0])
    if len(lost) > 1:
        said = Message("{said} (and {n} more)", said=said, n=len(lost) - 1)
    return Text(canvas.said(said), STYLES["warning"])


def _body(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    """Return the rows and how many checks have passed, and the samples to the right of both."""
    if room < 1:
        return []
    there = snapshot.preview is not None or snapshot.columns is not None
    if not there or canvas.width < NARROWEST or room < LOWEST:
        return _left(snapshot, canvas, canvas.width, room)
    width = _SAMPLES_WIDTH if canvas.width < _WIDE else int(_SAMPLES_SHARE * canvas.width)
    right = draw_samples(snapshot, canvas, width, room)
    start = canvas.width - max(line.cell_len for line in right)
    left = _left(snapshot, canvas, start - 2, room)
    block = []
    for number in range(max(len(left), len(right))):
        line = Text().append_text(left[number]) if number < len(left) else Text()
        line.append(" " * (start - line.cell_len))
        block.append(line.append_text(right[number]) if number < len(right) else line)
    return block[:room]


def _left(snapshot: Snapshot, canvas: Canvas, width: int, room: int) -> list[Text]:
    if not row_names(snapshot):
        return [fit(Text(canvas.said(_NOTHING_YET[snapshot.state == "running"]), STYLES["quiet"]), width)]
    counts = [fit(draw_counts(snapshot, canvas), width)] if room > len(row_names(snapshot)) + 1 else []
    return [*draw_rows(snapshot, canvas, width, room - len(counts)), *counts]


def _games(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    """Return a line for each game with its verdict, and as many of its signals as there is room for."""
    lines: list[Text] = []
    each = room // len(snapshot.games)
    for name, game in snapshot.games.items():
        line = Text(printable(name), STYLES["strong"])
        step = canvas.said(Message("step {step}", step=steps_text(game)))
        line = Text.assemble(line, (f"  {step}  ", STYLES["quiet"]), verdict_word(game, canvas))
        rows = draw_rows(game, canvas, canvas.width, each - 2) if each > 3 and row_names(game) else []
        lines += [line, *rows, *([Text()] if each > 2 else [])][: max(1, each)]
    return lines[:room]
