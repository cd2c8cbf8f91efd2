"""Run: the reading side of the run directory. Trusts nothing: damage becomes a named gap, never a traceback."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from gandoctor.errors import GandoctorError
from gandoctor.signals import member_of
from gandoctor.store.events import Event, read_events
from gandoctor.store.liveness import is_alive
from gandoctor.store.manifest import Manifest
from gandoctor.store.segments import STEP, TIME, SegmentReader

RunState = Literal["completed", "running", "interrupted", "crashed"]
ARRAY_MAX_BYTES = 512 * 2**20
PNG_MAX_BYTES = 16 * 2**20
END_OF_STREAM_BYTES = 8


@dataclass(frozen=True)
class SampleSheet:
    """The contact sheet of one step and the arrays behind it."""

    step: int
    png_path: Path
    npz_path: Path

    def png(self) -> bytes | None:
        """Return the PNG file's bytes, or None if it is missing or not a PNG."""
        try:
            if self.png_path.stat().st_size > PNG_MAX_BYTES:
                return None
            content = self.png_path.read_bytes()
        except OSError:
            return None
        return content if content.startswith(b"\x89PNG\r\n\x1a\n") else None

    def fakes(self) -> np.ndarray | None:
        """Return the generated images, uint8 (n, height, width, channels), or None if unreadable."""
        return _read_images(self.npz_path, "fakes")


class Run:
    """One run directory, read as far as it has been written; `refresh` reads on.

    Attributes:
        path: The directory.
        manifest: Its `run.json`.
        events: All readable events, in order.
        gaps: Named pieces that could not be read.
    """

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        self.path = Path(run_dir)
        if not self.path.is_dir():
            raise GandoctorError(f"{self.path} is not a directory. Give the directory of a run.")
        self._segments: dict[str, SegmentReader] = {}
        self._batches: list[pa.RecordBatch] = []
        self._reals: np.ndarray | None = None
        self.refresh()

    def refresh(self) -> bool:
        """Read what has been written since; return whether signals have grown."""
        self.manifest = Manifest.load(self.path)
        self._event_gaps: list[str] = []
        self.events: list[Event] = list(read_events(self.path, self._event_gaps))
        grown = False
        for file in sorted((self.path / "signals").glob("*.arrows")):
            reader = self._segments.setdefault(file.name, SegmentReader(file))
            batches = reader.read_new()
            self._batches += batches
            grown = grown or bool(batches)
        if grown:
            self.__dict__.pop("_table", None)
            self.__dict__.pop("signals", None)
        return grown

    @property
    def gaps(self) -> list[str]:
        """Named pieces that could not be read."""
        gaps = self._event_gaps + [s.damage for s in self._segments.values() if s.damage]
        if self.state != "running":
            gaps += [
                f"{name}: the last {reader.unread_bytes} bytes are a batch that was never finished and were left out."
                for name, reader in self._segments.items()
                if reader.unread_bytes > END_OF_STREAM_BYTES
            ]
        return gaps

    @cached_property
    def _table(self) -> pa.Table:
        if not self._batches:
            return pa.table({STEP: pa.array([], pa.int64()), TIME: pa.array([], pa.float64())})
        table = pa.concat_tables([pa.Table.from_batches([batch]) for batch in self._batches], promote_options="default")
        steps = table[STEP].to_numpy()
        return table if (np.diff(steps) > 0).all() else _one_row_a_step(table, steps)

    @cached_property
    def signals(self) -> pd.DataFrame:
        """One row a recorded step, indexed by step; absent values are `pd.NA`, NaN is what training produced."""
        return pd.DataFrame(
            {
                name: pd.array(self._table[name].combine_chunks(), dtype=pd.ArrowDtype(pa.float64()))
                for name in self._table.column_names
                if name != STEP
            },
            index=pd.Index(self._table[STEP].to_numpy(), name=STEP),
        )

    def __contains__(self, name: object) -> bool:
        """Tell whether the signal was recorded at least once."""
        return (
            isinstance(name, str)
            and name in self._table.column_names
            and (self._table[name].null_count < len(self._table))
        )

    def __getitem__(self, name: str) -> pd.Series[float]:
        """Return one signal as float64, indexed by step: the recorded steps only.

        Raises:
            KeyError: The signal was never recorded; the message lists those that were.
        """
        if name not in self:
            raise KeyError(f"{name!r} was not recorded in {self.path}. Recorded: {', '.join(self.names)}.")
        column = self._table[name]
        keep = column.is_valid().to_numpy()
        steps = self._table[STEP].to_numpy()[keep]
        # drop_null first: to_numpy would turn null into NaN, which means something else here.
        return pd.Series(column.drop_null().to_numpy(), index=pd.Index(steps, name=STEP), name=name)

    def family(self, name: str) -> dict[str, pd.Series[float]]:
        """Return the members of a family of signals that were recorded at least once, by member.

        The store sorts its columns; the order of layers is the model card's.

        Args:
            name: The family, e.g. "g_layer_grad_norm"; its columns are named "family/member".
        """
        prefix = member_of(name, "")
        return {column.removeprefix(prefix): self[column] for column in self.names if column.startswith(prefix)}

    @property
    def names(self) -> list[str]:
        """Signals recorded at least once."""
        return [name for name in self._table.column_names if name not in (STEP, TIME) and name in self]

    @property
    def last_step(self) -> int:
        """Last recorded step; 0 before the first."""
        steps = self._table[STEP]
        return int(steps[-1].as_py()) if len(steps) else 0

    @property
    def state(self) -> RunState:
        """How the run stands: completed, running, interrupted (no end recorded, or by the user) or crashed."""
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
        folder = self.path / "samples"
        found = [p for p in folder.glob("*.png") if p.stem.isdigit() and p.stem.isascii()]
        return sorted((SampleSheet(int(p.stem), p, p.with_suffix(".npz")) for p in found), key=lambda s: s.step)

    @property
    def reals(self) -> np.ndarray | None:
        """The probe reals, uint8 (n, height, width, channels) over the data's own range, or None (yet)."""
        if self._reals is None:
            self._reals = _read_images(self.path / "samples" / "reals.npz", "reals")
        return self._reals

    def _last_write(self) -> float:
        times = [p.stat().st_mtime for p in self._files()]
        return max(times, default=0.0)

    def _files(self) -> Iterator[Path]:
        yield from (self.path / "signals").glob("*.arrows")
        yield from self.path.glob("events.jsonl")


def load_run(run_dir: str | os.PathLike[str]) -> Run:
    """Open a run directory, live or finished.

    Raises:
        GandoctorError: It is not a run directory, or its manifest cannot be used.
    """
    return Run(run_dir)


def _one_row_a_step(table: pa.Table, steps: np.ndarray) -> pa.Table:
    """Merge rows of the same step, the later value of each signal counting.

    A probe may join a step that was already written, and a resumed run repeats the steps after its last checkpoint.
    """
    unique, position = np.unique(steps, return_inverse=True)
    columns = {}
    for name in table.column_names:
        recorded = np.flatnonzero(table[name].is_valid().to_numpy())
        chosen = np.full(len(unique), -1)
        chosen[position[recorded]] = recorded  # of several assignments to one place, the last one stays
        columns[name] = table[name].take(pa.array(chosen, mask=chosen < 0))
    return pa.table(columns)


def _read_images(path: Path, key: str) -> np.ndarray | None:
    """Read one uint8 image array without pickle, after checking its declared size; None if that fails."""
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
    return array if array.dtype == np.uint8 and array.ndim == 4 and array.shape[-1] in (1, 3) else None
