"""How an error of the user's script is shown: with the frames that `python SCRIPT` would show, and none of ours."""

from __future__ import annotations

import importlib
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

OURS = str(Path(__file__).parents[2])
_FRAME = re.compile(r'^(?P<indent>\s*)File "(?P<file>[^"]+)", line \d+')
_HEAD = re.compile(r"^\s*(Detected at node |Traceback \(most recent call last\))")
SUMMARY_MAX = 600
"""Characters of an error in one line: TensorFlow's may fill pages."""


def shown(error: BaseException, trace: TracebackType | None) -> str:
    """Return the traceback as Python prints it, from a frame on, without frames of gandoctor's own.

    TensorFlow's errors carry a second traceback in their text, that of the line that made the failing operation.
    """
    return without_our_frames("".join(traceback.format_exception(type(error), error, trace)))


def summary(error: BaseException) -> str:
    """Return the error in one line: its type and what it says, without the tracebacks that its text may hold."""
    said = _without(str(error), lambda _: True).splitlines()
    text = " ".join(" ".join(line for line in said if not _HEAD.match(line)).split())
    text = text.removeprefix(f"in user code: {type(error).__name__}: ")
    text = text if len(text) <= SUMMARY_MAX else f"{text[:SUMMARY_MAX]}..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def without_our_frames(text: str) -> str:
    """Return a traceback's text without gandoctor's frames and those of `runpy`, which starts the script for it."""
    return _without(text, lambda file: file == "<frozen runpy>" or file.startswith(f"{OURS}/"))


def of_import(error: BaseException) -> str:
    """Return the traceback of a module or factory, without our frames and those of the import system."""
    text = without_our_frames("".join(traceback.format_exception(error)))
    return _without(text, lambda file: file.startswith("<frozen importlib") or file == importlib.__file__)


def _without(text: str, is_left_out: Callable[[str], bool]) -> str:
    kept: list[str] = []
    indent: int | None = None  # of the frame that is being left out
    for line in text.splitlines(keepends=True):
        frame = _FRAME.match(line)
        if frame is not None:
            indent = len(frame["indent"]) if is_left_out(frame["file"]) else None
        elif indent is not None and line.strip() and len(line) - len(line.lstrip()) <= indent:
            indent = None
        if indent is None:
            kept.append(line)
    return "".join(kept)
