"""Nearest: what may have been meant by a run directory or a signal that is not there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def nearest_run(path: Path) -> str:
    """Return what to give instead of a directory that does not exist."""
    with suppress(OSError):
        runs = {file.parent.name: file.parent for file in path.parent.glob("*/run.json")}
        nearest = difflib.get_close_matches(path.name, runs, n=1)
        if nearest:
            return f"Did you mean {runs[nearest[0]]}?"
    return "Give the directory of a run."


def not_recorded(name: str, recorded: Sequence[str], run_dir: Path) -> str:
    """Return what to say of a signal that was never recorded: the nearest one that was, and all, a family as one."""
    nearest = difflib.get_close_matches(name.lower(), recorded, n=1, cutoff=0.5)
    meant = f" Did you mean {nearest[0]!r}?" if nearest else ""
    families = dict.fromkeys(re.sub("/.*", "/...", one) for one in recorded)
    return f"{name!r} was not recorded in {run_dir}.{meant} Recorded: {', '.join(families)}."
