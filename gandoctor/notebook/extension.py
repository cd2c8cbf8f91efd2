"""What `%load_ext gandoctor` does: records what is trained in this kernel, as `gandoctor run` records a script."""

from __future__ import annotations

import atexit
import os
import re
import signal
import weakref
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from gandoctor.experiments.child.attach import Attachment
from gandoctor.experiments.child.forks import handle
from gandoctor.experiments.child.imports import when_imported
from gandoctor.experiments.child.stop_request import StopRequest
from gandoctor.message import Message
from gandoctor.notebook.live import LiveRun
from gandoctor.store.games import run_of_game

RUNS = "gandoctor-runs"
_MISSING = object()

_loaded: Extension | None = None


def load(ipython: Any) -> None:
    """Attach to what is trained next in this kernel; a second call does nothing.

    Args:
        ipython: The running shell.

    Raises:
        OSError: The directory for the runs cannot be created.
    """
    global _loaded
    if _loaded is None:
        _loaded = Extension(ipython, Path.cwd())


def unload(ipython: Any) -> None:
    """Put back what `load` has wrapped; does nothing where nothing is loaded.

    Args:
        ipython: The running shell.
    """
    global _loaded
    if _loaded is not None:
        _loaded.close()
        _loaded = None


class Extension:
    """One loading of the extension.

    Args:
        ipython: The running shell.
        folder: Where `gandoctor-runs` lies: beside the notebook, which is the kernel's working directory.
    """

    def __init__(self, ipython: Any, folder: Path) -> None:
        self._ipython = ipython
        self._run_dir = reserve_run_dir(folder / RUNS)
        metadata = {"target": "notebook", "command": ["%load_ext", "gandoctor"]}
        # Nothing sets this request: the cell is interrupted by the kernel, and otherwise trains to its end.
        self._attachment = Attachment(self._run_dir, metadata, StopRequest(), self._announce)
        self._originals = Originals()
        self._lives: weakref.WeakSet[LiveRun] = weakref.WeakSet()
        self._told = 0
        self._active = True
        self._ending = False
        ipython.events.register("post_run_cell", self._cell_ended)
        atexit.register(self._give_back_run_dir)
        self._await_sigterm()
        when_imported("keras", self._patch_keras)
        when_imported("gandoctor.monitors.monitor", self._patch_monitor)

    def close(self) -> None:
        """Put the originals back, and leave the networks that were recorded as they were."""
        self._active = False
        self._attachment.close("stopped", why="the extension was unloaded")
        self._originals.put_back()
        for live in tuple(self._lives):
            session = live.session()
            if session is not None:
                session.close("stopped", why="the extension was unloaded")
                session.listeners.remove(live.step_ended)
                session.detach()
        with suppress(ValueError):
            self._ipython.events.unregister("post_run_cell", self._cell_ended)
        for hook in (self._kernel_ends, self._give_back_run_dir):
            atexit.unregister(hook)
        if signal.getsignal(signal.SIGTERM) == self._terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self._give_back_run_dir()

    def _patch_keras(self, keras: ModuleType) -> None:
        if self._active:  # Keras may be imported after the extension was unloaded
            with self._originals.of(keras.Model, keras.Layer, keras.optimizers.Optimizer):
                self._attachment.patch_keras(keras)

    def _patch_monitor(self, module: ModuleType) -> None:
        if self._active:
            with self._originals.of(module.Monitor):
                self._attachment.patch_monitor(module)

    def _announce(self, run_dir: Path, model: str) -> None:
        """Show a run whose recording has begun."""
        from IPython.display import display

        from gandoctor.monitors.monitor import SESSIONS

        paths = {s: Path(s.writer.path).resolve() for s in SESSIONS.values()}
        session = next((s for s, path in paths.items() if run_dir in (path, run_of_game(path))), None)
        if session is None or any(live.session() is session for live in self._lives):
            return
        live = LiveRun(session, display, run_dir=run_dir)
        self._lives.add(live)
        session.listeners.append(live.step_ended)
        # Last of all: what else waits for the cell's end may close a run whose `fit` has raised.
        self._ipython.events.unregister("post_run_cell", self._cell_ended)
        self._ipython.events.register("post_run_cell", self._cell_ended)
        # And before what gives up recordings that nobody has closed: a loop has no end but the kernel's.
        atexit.unregister(self._kernel_ends)
        atexit.register(self._kernel_ends)
        live.step_ended()

    def _cell_ended(self, result: Any = None) -> None:
        for live in tuple(self._lives):
            live.cell_ended()
        news = self._attachment.unrecorded[self._told :]
        self._told += len(news)
        for note in news:
            print(Message("gandoctor did not record {model}: {reason}", model=note.model, reason=note.reason))

    def _await_sigterm(self) -> None:
        """Jupyter sends SIGTERM to a kernel that takes more than 2.5 s to end, and SIGKILL after as long again."""
        if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
            with suppress(ValueError):  # not the main thread
                handle([signal.SIGTERM], self._terminated)

    def _terminated(self, number: int, frame: object) -> None:
        if self._ending:
            return  # this has interrupted the closing, after which the kernel ends anyway
        self._kernel_ends()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _kernel_ends(self) -> None:
        self._ending = True
        for live in tuple(self._lives):
            live.stop()  # a kernel that ends may have closed already what its cells are shown through
        self._attachment.close("stopped", why="the kernel was shut down")

    def _give_back_run_dir(self) -> None:
        with suppress(OSError):  # it holds a run
            self._run_dir.rmdir()
            self._run_dir.parent.rmdir()


class Originals:
    """Remembers attributes of classes that others replace, and puts them back."""

    def __init__(self) -> None:
        self._replaced: list[tuple[type, str, Any, Any]] = []
        self._before: dict[type, dict[str, Any]] = {}

    def of(self, *classes: type) -> Originals:
        """Watch these classes while the block runs."""
        self._before = {each: dict(vars(each)) for each in classes}
        return self

    def __enter__(self) -> None:
        """Nothing more to do."""

    def __exit__(self, *error: object) -> None:
        for each, before in self._before.items():
            for name, now in dict(vars(each)).items():
                was = before.get(name, _MISSING)
                if was is not now:
                    self._replaced.append((each, name, was, now))

    def put_back(self) -> None:
        """Undo the replacements; what somebody else has replaced since is left alone."""
        while self._replaced:
            each, name, was, now = self._replaced.pop()
            if vars(each).get(name) is not now:
                continue
            if was is _MISSING:
                delattr(each, name)
            else:
                setattr(each, name, was)


def reserve_run_dir(folder: Path) -> Path:
    """Create and return the next of `run-1`, `run-2`, ...; two kernels in one folder get different ones.

    Raises:
        OSError: It cannot be created.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken = [int(m[1]) for path in folder.iterdir() if (m := re.fullmatch(r"run-(\d+)(-\d+)?", path.name))]
    number = max(taken, default=0) + 1
    while True:
        try:
            (folder / f"run-{number}").mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder / f"run-{number}"
