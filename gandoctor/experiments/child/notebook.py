"""Run a notebook's cells as one script: the child's part of `gandoctor run train.ipynb`."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from gandoctor.experiments.cells import Cell


def run_cells(cells: Sequence[Cell], notebook: str, file: str) -> None:
    """Run the code cells in order in one `__main__`, as Jupyter would if all cells were run.

    Magics and shell lines are left out and named in the log. All cells are compiled before the first one runs, so
    that a mistake in the last cell does not cost a training.

    Args:
        cells: In order.
        notebook: The path as the user gave it, for the log.
        file: The absolute path; `cell_of` finds the cell in a frame's file name.

    Raises:
        BaseException: What a cell raises.
    """
    # Without a screen a window would fail or block. Read by matplotlib when it is imported.
    os.environ.setdefault("MPLBACKEND", "Agg")
    codes = []
    for cell in cells:
        for line, text in cell.skipped:
            print(f"{notebook}: cell {cell.number}, line {line} is skipped: {text}", file=sys.stderr)
        name = f"{file}, cell {cell.number}"
        # Tracebacks, and whoever asks `inspect` for source as tf.function does, find the lines here.
        lines = [f"{line}\n" for line in cell.source.split("\n")]
        linecache.cache[name] = (len(cell.source), None, lines, name)
        codes.append(compile(cell.source, name, "exec", dont_inherit=True))
    main = ModuleType("__main__")
    vars(main).update(display=display, get_ipython=get_ipython)
    before = sys.modules["__main__"]
    sys.modules["__main__"] = main
    try:
        for code in codes:
            exec(code, vars(main))
    finally:
        sys.modules["__main__"] = before


def cell_of(file_name: str, file: str) -> str | None:
    """Return e.g. "cell 3" for a frame's file name; None if it is not of this notebook."""
    return file_name.removeprefix(f"{file}, ") if file_name.startswith(f"{file}, cell ") else None


def display(*objects: Any, **options: Any) -> None:
    """Show objects as a notebook's `display` does outside Jupyter: IPython's own where it is installed."""
    try:
        from IPython.display import display as ipythons
    except ImportError:
        for shown in objects:
            print(repr(shown))
    else:
        ipythons(*objects, **options)


def get_ipython() -> None:
    """Return None, as IPython's own `get_ipython` does where no shell runs."""
