"""Fits that were recorded and never ended: Keras tells its callbacks nothing when `fit` raises.

A process that goes on living (a notebook) would leave such a run "running" for ever. It is over as soon as the thread
that began the fit begins another, or, in a notebook, when the cell that began it has ended.
"""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any

from gandoctor.recording.session.session import Session

_running: dict[int, list[weakref.ref[Session]]] = {}
"""Thread -> what records the fit that runs in it."""
_given_up: weakref.WeakSet[Session] = weakref.WeakSet()
_shells: weakref.WeakSet[Any] = weakref.WeakSet()


def about_to_begin() -> None:
    """End the recordings of an earlier fit of this thread that never ended: it has raised."""
    for session in _take_all():
        _given_up.add(session)
        session.close("interrupted")


def begun(session: Session) -> None:
    """Take note of a fit that runs in this thread."""
    _given_up.discard(session)
    _running.setdefault(threading.get_ident(), []).append(weakref.ref(session))
    _watch_cells()


def ended(session: Session) -> None:
    """Take note that a fit has returned."""
    here = threading.get_ident()
    _running[here] = [r for r in _running.get(here, []) if r() not in (None, session)]


def was_given_up(session: Session) -> bool:
    """Tell, once, whether a fit that goes on had been taken for over: another was run inside one of its callbacks."""
    known = session in _given_up
    _given_up.discard(session)
    return known


def _take_all() -> list[Session]:
    references = _running.pop(threading.get_ident(), [])
    return [session for reference in references if (session := reference()) is not None]


def _watch_cells() -> None:
    """Have IPython, where there is one, say when a cell has ended."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None and shell not in _shells:
        _shells.add(shell)
        shell.events.register("post_run_cell", _cell_ended)


def _cell_ended(result: Any) -> None:
    error = result.error_in_exec
    for session in _take_all():
        if isinstance(error, Exception):
            session.close("crashed", error=repr(error))
        else:
            session.close("interrupted")
