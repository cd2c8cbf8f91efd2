"""Run: reads a run directory, live or finished. Damaged files are reported as gaps and never raise."""

from __future__ import annotations

import copy
import difflib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from gandoctor.errors import NotARun
from gandoctor.message import Message
from gandoctor.signals import member_of
from gandoctor.store.columns import Column
from gandoctor.store.events import Event, read_events
from gandoctor.store.liveness import is_alive
from gandoctor.store.manifest import Manifest
from gandoctor.store.segments import STEP, TIME, SegmentReader

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RunState = Literal["completed", "running", "interrupted", "crashed"]
ARRAY_MAX_BYTES = 512 * 2**20
PNG_MAX_BYTES = 16 * 2**20
END_OF_STREAM_BYTES = 8


@dataclass(frozen=True)
class SampleSheet:
    """The contact sheet of one step and the arrays that it shows."""

    step: int
    png_path: Path
    npz_path: Path

    def png(self) -> bytes | None:
        """Return the bytes of the PNG file, or None if it is missing, too large or not a PNG."""
        try:
            if self.png_path.stat().st_size > PNG_MAX_BYTES:
                return None
            content = self.png_path.read_bytes()
        except OSError:
            return None
        return content if content.startswith(b"\x89PNG\r\n\x1a\n") else None

    def fakes(self) -> np.ndarray | None:
        """Return the generated images, uint8 (n, height, width, channels), or None if they cannot be read."""
        return _read_images(self.npz_path, "fakes")


class Run:
    """One run directory, read up to its current end. `refresh` reads what has been written since.

    Attributes:
        path: The directory.
        manifest: The manifest, from `run.json`.
        events: All readable events, in order.
        gaps: Messages about parts that could not be read.
        games: Name -> run of each game, where several pairs of players were trained together; see `GamesRun`.
    """

    games: Mapping[str, Run] = MappingProxyType({})

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        path = Path(run_dir)
        if not path.is_dir():
            raise NotARun(f"{path} is not a directory. Give the directory of a run.")
        self._empty(path)
        self.refresh()

    def _empty(self, path: Path) -> None:
        self.path = path
        self.events: list[Event] = []
        self._event_gaps: list[Message] = []
        self._segments: dict[str, SegmentReader] = {}
        self._columns: dict[str, Column] = {}
        self._reals: np.ndarray | None = None
        self._real_values: np.ndarray | None = None
        self._cut_at: int | None = None
        self._in_memory = False

    @classmethod
    def from_signals(
        cls,
        signals: Mapping[str, Mapping[int, float]],
        manifest: Manifest | None = None,
        *,
        reals: np.ndarray | None = None,
        real_values: np.ndarray | None = None,
    ) -> Self:
        """Return a completed run that exists in memory only, to try a rule on chosen signals.

        Args:
            signals: Signal name -> step -> value. Leave out steps without a value.
            manifest: The manifest. Defaults to an empty one.
            reals: The real probe images, uint8 (n, height, width, channels).
            real_values: The real probe series (n, T, C) or vectors (n, c), float32.
        """
        run = cls.__new__(cls)
        run._empty(Path("memory"))
        run._in_memory = True
        run.manifest = manifest or Manifest()
        run._reals, run._real_values = reals, real_values
        for name, series in signals.items():
            run.add_signal(name, series)
        every = np.array(sorted({step for series in signals.values() for step in series}), np.int64)
        if len(every):
            run._column(STEP).add(every, every)
        return run

    def until(self, step: int) -> Self:
        """Return the run as it was after a step was recorded.

        The manifest is the current one. It may hold facts that were found later, such as the loss family.
        """
        earlier = copy.copy(self)
        earlier._cut_at = step
        earlier.__dict__.pop("signals", None)
        columns = {name: column.until(step) for name, column in self._columns.items()}
        earlier._columns = {name: column for name, column in columns.items() if len(column.read()[0])}
        earlier.events = [event for event in self.events if event.kind != "ended"]
        return earlier

    def add_signal(self, name: str, values: Mapping[int, float]) -> None:
        """Add a signal (step -> value) in memory, as if it had been recorded. The directory does not change."""
        if values:
            self._column(name).add(np.array(list(values), np.int64), np.array(list(values.values()), np.float64))
            self.__dict__.pop("signals", None)

    def _column(self, name: str) -> Column:
        return self._columns.setdefault(name, Column())

    def refresh(self) -> bool:
        """Read what has been written since the last call; return whether there are new signal values."""
        if self._in_memory or self._cut_at is not None:
            return False
        import pyarrow as pa

        self.manifest = Manifest.load(self.path)
        self._event_gaps = []
        self.events = list(read_events(self.path, self._event_gaps))
        grown = False
        for file in sorted((self.path / "signals").glob("*.arrows")):
            reader = self._segments.setdefault(file.name, SegmentReader(file))
            if batches := reader.read_new():
                self._add(pa.Table.from_batches(batches))
                grown = True
        if grown:
            self.__dict__.pop("signals", None)
        return grown

    @property
    def gaps(self) -> list[Message]:
        """Messages about parts that could not be read."""
        gaps = self._event_gaps + [s.damage for s in self._segments.values() if s.damage]
        if self.state != "running":
            gaps += [
                Message(
                    "{file}: the last {size} bytes are a batch that was never finished and were left out.",
                    file=name,
                    size=reader.unread_bytes,
                )
                for name, reader in self._segments.items()
                if reader.unread_bytes > END_OF_STREAM_BYTES
            ]
        return gaps

    def _add(self, table: pa.Table) -> None:
        steps = table[STEP].to_numpy()
        for name in table.column_names:
            column = table[name]
            if column.null_count < len(column):
                recorded = steps[column.is_valid().to_numpy()] if column.null_count else steps
                # drop_null first: to_numpy would turn null (not recorded) into NaN (produced by the training).
                self._column(name).add(recorded, column.drop_null().to_numpy())

    @cached_property
    def signals(self) -> pd.DataFrame:
        """One row per recorded step, indexed by step. Missing values are `pd.NA`; the training produced any NaN."""
        import pandas as pd
        import pyarrow as pa

        every, _ = self._columns.get(STEP, Column()).read()
        columns: dict[str, Any] = {}
        for name in (TIME, *self.names):
            steps, values = self._columns.get(name, Column()).read()
            at = np.searchsorted(every, steps)
            filled, absent = np.zeros(len(every)), np.ones(len(every), bool)
            filled[at], absent[at] = values, False
            columns[name] = pd.array(pa.array(filled, mask=absent), dtype=pd.ArrowDtype(pa.float64()))
        return pd.DataFrame(columns, index=pd.Index(every, name=STEP))

    def __contains__(self, name: object) -> bool:
        """Return whether the signal was recorded at least once."""
        return name in self._columns and name != STEP

    def __getitem__(self, name: str) -> pd.Series[float]:
        """Return one signal as float64, indexed by the steps at which it was recorded.

        Raises:
            KeyError: The signal was never recorded. The message names the nearest one that was, and lists all.
        """
        if name not in self:
            raise KeyError(_not_recorded(self, str(name)))
        import pandas as pd

        steps, values = self._columns[name].read()
        return pd.Series(values, index=pd.Index(steps, name=STEP), name=name)

    def family(self, name: str) -> dict[str, pd.Series[float]]:
        """Return the recorded members of a family of signals, by member and in order of name.

        The model card has the order of the layers.

        Args:
            name: Name of the family, such as "g_layer_grad_norm". Its columns are named "family/member".
        """
        prefix = member_of(name, "")
        return {column.removeprefix(prefix): self[column] for column in self.names if column.startswith(prefix)}

    def __repr__(self) -> str:
        games = f", {len(self.games)} games" if self.games else ""
        return f"<Run {self.path}: {self.state}, {self.last_step} steps, {len(self.names)} signals{games}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a few facts and the newest samples, escaped and without scripts."""
        from gandoctor.store.as_html import html_of

        return html_of(self)

    @property
    def names(self) -> list[str]:
        """Names of the signals recorded at least once, in order."""
        return sorted(self._columns.keys() - {STEP, TIME})

    @property
    def last_step(self) -> int:
        """Last recorded step; 0 before the first."""
        steps, _ = self._columns.get(STEP, Column()).read()
        return int(steps[-1]) if len(steps) else 0

    @property
    def state(self) -> RunState:
        """State of the run: completed, running, crashed, or interrupted (by the user, or without a recorded end)."""
        if self._cut_at is not None:
            return "running"
        if self._in_memory:
            return "completed"
        for event in reversed(self.events):
            extra = event.model_extra or {}
            if event.kind == "ended":
                reason = extra.get("reason")
                return reason if reason in ("crashed", "interrupted") else "completed"
            if event.kind in ("started", "resumed"):
                return "running" if is_alive(extra, self._last_write()) else "interrupted"
        return "interrupted"

    @property
    def sheets(self) -> list[SampleSheet]:
        """Contact sheets in order of step."""
        if self._in_memory:
            return []
        folder = self.path / "samples"
        found = [p for p in folder.glob("*.png") if p.stem.isdigit() and p.stem.isascii()]
        sheets = sorted((SampleSheet(int(p.stem), p, p.with_suffix(".npz")) for p in found), key=lambda s: s.step)
        return [sheet for sheet in sheets if self._cut_at is None or sheet.step <= self._cut_at]

    @property
    def reals(self) -> np.ndarray | None:
        """The real probe images, uint8 (n, height, width, channels), scaled from the data's range. None if absent."""
        if self._reals is None and not self._in_memory:
            self._reals = _read_images(self.path / "samples" / "reals.npz", "reals")
        return self._reals

    @property
    def real_values(self) -> np.ndarray | None:
        """The real probe series (n, T, C) or vectors (n, c), float32, in data units. None if absent or images."""
        if self._real_values is None and not self._in_memory:
            array = _read_values(self.path / "samples" / "reals.npz")
            if array is not None and np.isfinite(array).all():
                self._real_values = array
        return self._real_values

    @property
    def last_values(self) -> tuple[int, np.ndarray] | None:
        """Step and values of the newest stored samples, float32 (n, T, C) or (n, c). None if absent or images."""
        if self._in_memory:
            return None
        names = [p.stem for p in (self.path / "samples").glob("*.npz") if p.stem.isdigit() and p.stem.isascii()]
        for name in sorted(names, key=int, reverse=True):
            if self._cut_at is None or int(name) <= self._cut_at:
                array = _read_values(self.path / "samples" / f"{name}.npz")
                if array is not None:
                    return int(name), array
        return None

    def _last_write(self) -> float:
        times = [p.stat().st_mtime for p in self._files()]
        return max(times, default=0.0)

    def _files(self) -> Iterator[Path]:
        yield from (self.path / "signals").glob("*.arrows")
        yield from self.path.glob("events.jsonl")


def _not_recorded(run: Run, name: str) -> str:
    nearest = difflib.get_close_matches(name.lower(), run.names, n=1, cutoff=0.5)
    meant = f" Did you mean {nearest[0]!r}?" if nearest else ""
    return f"{name!r} was not recorded in {run.path}.{meant} Recorded: {', '.join(run.names)}."


def _read_images(path: Path, key: str) -> np.ndarray | None:
    """Read one uint8 image array; return None on failure."""
    array = _read_array(path, key)
    return array if array is not None and array.dtype == np.uint8 and array.ndim == 4 and array.shape[-1] else None


def _read_values(path: Path) -> np.ndarray | None:
    """Read series or vectors, float32; return None on failure."""
    array = _read_array(path, "values")
    fits = array is not None and array.dtype == np.float32 and array.ndim in (2, 3) and array.size
    return array if fits else None


def _read_array(path: Path, key: str) -> np.ndarray | None:
    """Read one array without pickle, after checking its declared size; return None on failure."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(f"{key}.npy").file_size > ARRAY_MAX_BYTES:
                return None
            content = archive.read(f"{key}.npy")
        array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (
        OSError,
        KeyError,
        ValueError,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        MemoryError,
        EOFError,
    ):
        return None
    return array
