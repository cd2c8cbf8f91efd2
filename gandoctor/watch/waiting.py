"""What is said while there is nothing to show yet: what the training does, for how long, and a sign that it lives."""

from __future__ import annotations

from gandoctor.message import Message
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.snapshot import Snapshot

LOADING = Message("loading TensorFlow and the data")
"""What the reference model's training process does before it records."""
COMPILING = Message("compiling the first step")
FIRST_STEP = Message("waiting for the first step")
MEASURING = Message("measuring the speed of the first steps")

_TURNS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_TURNS = "|/-\\"
_TURN_S = 0.5


def doing(snapshot: Snapshot) -> Message | None:
    """Return what a run does that has too few steps for a rate; None for any other."""
    if snapshot.state != "running" or snapshot.steps_per_second is not None:
        return None
    if snapshot.step == 0 and (snapshot.preview is None or snapshot.preview.step == 0):
        return COMPILING if snapshot.traces else FIRST_STEP
    return MEASURING


def spinner(what: Message, seconds: float | None, canvas: Canvas) -> str:
    """Return e.g. "⠙ compiling the first step, 12 s".

    Args:
        what: What is being done.
        seconds: For how long; None where that is not known.
        canvas: What the terminal can show.
    """
    if seconds is None:
        return canvas.said(what)
    turns = _ASCII_TURNS if canvas.ascii_only else _TURNS
    sign = turns[int(seconds / _TURN_S) % len(turns)]
    said = Message("{doing}, {n} s", doing=what, n=int(seconds))
    return f"{sign} {canvas.said(said)}"
