"""The pages behind the watch view's keys: samples, everything that was found, and all checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from rich.style import Style
from rich.text import Text

from gandoctor.diagnosis.as_text import Line, check_lines, finding_lines
from gandoctor.message import Message
from gandoctor.watch.canvas import STYLES, VERDICT_STYLES, Canvas, fit, wrapped_text
from gandoctor.watch.head import draw_head
from gandoctor.watch.preview import draw_samples
from gandoctor.watch.snapshot import Snapshot

Page = Literal["overview", "samples", "details", "checks"]
KEYS: dict[str, Page] = {"s": "samples", "d": "details", "c": "checks"}
"""Key -> the page it opens; pressed again it closes it."""

_STYLES: dict[str, str | Style] = {"": "", **STYLES, **VERDICT_STYLES}
_NO_SAMPLES = Message("No samples have been recorded yet.")
_NOT_JUDGED = Message("Nothing has been judged yet.")


def draw_page(page: Page, snapshot: Snapshot, notice: str, canvas: Canvas, first: int) -> tuple[Text, int]:
    """Return a page in exactly `canvas.height` lines, and the line it begins with: `first`, or the last that can.

    Args:
        page: Any but the overview.
        snapshot: What is shown.
        notice: The last line.
        canvas: What the terminal can show.
        first: Lines that were scrolled past.
    """
    head = draw_head(snapshot, canvas)[:1]
    room = max(1, canvas.height - len(head) - 1)
    lines = _samples(snapshot, canvas, room) if page == "samples" else _text(page, snapshot, canvas)
    first = max(0, min(first, len(lines) - room))
    shown = lines[first : first + room]
    shown += [Text()] * (room - len(shown))
    more = len(lines) - room
    where = canvas.said(Message("lines {first} to {last} of {n}", first=first + 1, last=first + room, n=len(lines)))
    foot = fit(Text(f"{notice}  {where}" if more > 0 else notice, STYLES["quiet"]), canvas.width)
    return Text("\n").join(fit(line, canvas.width) for line in [*head, *shown, foot][-canvas.height :]), first


def _samples(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    shots = snapshot.games or {"": snapshot}
    shown = {name: shot for name, shot in shots.items() if shot.preview is not None or shot.columns is not None}
    lines: list[Text] = []
    for name, shot in shown.items():
        lines += [Text(name, STYLES["strong"])] if name else []
        lines += draw_samples(shot, canvas, canvas.width, max(4, room // len(shown) - bool(name)))
    return lines or [Text(canvas.said(_NO_SAMPLES), STYLES["quiet"])]


def _text(page: Page, snapshot: Snapshot, canvas: Canvas) -> list[Text]:
    if snapshot.diagnosis is None:
        return [Text(canvas.said(_NOT_JUDGED), STYLES["quiet"])]
    diagnosis = snapshot.diagnosis
    if page == "details" or diagnosis.games:
        return _wrapped(finding_lines(diagnosis, canvas.say), canvas.width)
    return _wrapped(check_lines(diagnosis, canvas.say), canvas.width)[1:]


def _wrapped(lines: Iterable[Line], width: int) -> list[Text]:
    wrapped = []
    for indent, spans in lines:
        text = Text.assemble(*((said, _STYLES[style]) for said, style in spans))
        wrapped += [Text(" " * indent).append_text(line) for line in wrapped_text(text, width - indent)]
    return wrapped
