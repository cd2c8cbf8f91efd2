"""Run: reads a run directory, live or finished. Damaged files are reported as gaps and never raise."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from gandoctor.errors import NotARun
from gandoctor.message import Message
from gandoctor.signals import member_of
from gandoctor.store.arrays import read_images, read_values
from gandoctor.store.columns import Column, Orders
from gandoctor.store.events import Event, EventLog
from gandoctor.store.liveness import is_alive
from gandoctor.store.losses import SIGNALS, FileChecks, kept_of, left_out, lost_of_segments, lost_while_written
from gandoctor.store.manifest import Kept, Manifest
from gandoctor.store.nearest import nearest_run, not_recorded
from gandoctor.store.samples import Answers, SampleSheet, answers_of, newest_values_of, sheets_of
from gandoctor.store.segments import STEP, TIME, SegmentReader

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

RunState = Literal["completed", "running", "interrupted", "crashed"]
REALS = "samples/reals.npz"
OF_DATA = ("sample_", "real_", "feature_")
"""How the names of signals begin that compare real data of one shape, or generated data with them."""


class Run:
    """One run directory, read up to its current end. `refresh` reads what has been written since.

    Attributes:
        path: The directory.
        manifest: The manifest, from `run.json`.
        events: All readable events, in order.
        gaps: Messages about parts that could not be read.
        begun_anew: How often the directory was found to hold another run than before.
        games: Name -> run of each game, where several pairs of players were trained together; see `GamesRun`.
    """

    games: Mapping[str, Run] = MappingProxyType({})
    begun_anew: int = 0

    def __init__(self, run_dir: str | os.PathLike[str]) -> None:
        path = Path(run_dir)
        try:
            is_there = path.is_dir()
        except (OSError, ValueError) as error:  # a name that no file system takes
            raise NotARun(f"{path} is not a directory: {error}") from None
        if not is_there:
            raise NotARun(f"{path} is not a directory. {nearest_run(path)}")
        self._empty(path)
        self.refresh()

    def _empty(self, path: Path) -> None:
        self.path = path
        self.events: list[Event] = []
        self._log = EventLog(path)
        self._segments: dict[str, SegmentReader] = {}
        self._columns: dict[str, Column] = {}
        self._orders = Orders()
        self._reals: np.ndarray | None = None
        self._real_values: np.ndarray | None = None
        self._cut_at: int | None = None
        self._cut_before = 0
        self._in_memory = False
        self._known_lost: list[Message] | None = None
        self._file_checks = FileChecks()

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
        earlier._segments = dict(self._segments)  # this run may go on growing while the earlier one is judged
        earlier.__dict__.pop("signals", None)
        columns = {name: column.until(step) for name, column in self._columns.items()}
        earlier._columns = {name: column for name, column in columns.items() if len(column.read()[0])}
        earlier.events = [event for event in self.events if event.kind != "ended"]
        return earlier

    def of_present_data(self) -> Self:
        """Return the run without what was measured on real data of another shape; itself where there were none."""
        since = self.manifest.data_since
        if not 0 < since <= self.last_step:
            return self
        later = copy.copy(self)
        later._cut_before = since
        later._segments = dict(self._segments)
        later.__dict__.pop("signals", None)
        columns = {n: c.since(since) if n.startswith(OF_DATA) else c for n, c in self._columns.items()}
        later._columns = {name: column for name, column in columns.items() if len(column.read()[0])}
        return later

    def add_signal(self, name: str, values: Mapping[int, float]) -> None:
        """Add a signal (step -> value) in memory, as if it had been recorded. The directory does not change."""
        if values:
            self._column(name).add(np.array(list(values), np.int64), np.array(list(values.values()), np.float64))
            self.__dict__.pop("signals", None)

    def _column(self, name: str) -> Column:
        return self._columns.setdefault(name, Column(self._orders))

    def refresh(self) -> bool:
        """Read what has been written since the last call; return whether there are new signal values."""
        if self._in_memory or self._cut_at is not None or self._cut_before:
            return False
        known, self.manifest = getattr(self, "manifest", None), Manifest.load(self.path)
        if known is not None and known.data_since != self.manifest.data_since:
            self._reals = self._real_values = None
        self._log.read_new()
        if self._log.was_replaced:
            self._begin_anew()
        self.events = list(self._log.events)
        grown = False
        for file in sorted((self.path / SIGNALS).glob("*.arrows")):
            reader = self._segments.setdefault(file.name, SegmentReader(self.path, file))
            for part in reader.read_new():
                if len(part):
                    self._add(part)
                    grown = True
        if grown:
            self.__dict__.pop("signals", None)
        return grown

    def _begin_anew(self) -> None:
        """Forget what was read: the directory was deleted, and another run was begun in its place."""
        manifest, begun_anew = self.manifest, self.begun_anew
        self._empty(self.path)
        self.__dict__.pop("signals", None)
        self.manifest, self.begun_anew = manifest, begun_anew + 1
        self._log.read_new()

    @property
    def gaps(self) -> list[Message]:
        """Messages about parts that could not be read, those in `lost` among them."""
        gaps = [*self._log.gaps, *left_out(self.events), *self.lost]
        if self.state != "running":
            gaps += [
                Message(
                    "{file}: the last {size} bytes are a batch that was never finished and were left out.",
                    file=name,
                    size=reader.unread_bytes,
                )
                for name, reader in self._segments.items()
                if reader.unread_bytes
            ]
        return gaps

    @property
    def lost(self) -> list[Message]:
        """Messages about signals and samples that were written and are not there, or not as they were.

        What a kill cut off while it was being written is not among them: training ends there. Nor is what happened
        to the event log.
        """
        if self._known_lost is not None:
            return self._known_lost
        if self._in_memory:
            return []
        written = self.manifest.files
        has_ended = any(event.kind == "ended" for event in self.events[-1:])
        lost = [*lost_while_written(self.events), *lost_of_segments(self._segments, written, has_ended)]
        if written is not None and self.state != "running":
            lost += self._file_checks.lost(self.path, written)
        if self._reals_are_lost(written):
            lost.append(Message("{file} cannot be read: the real data to compare with are lost.", file=REALS))
        return lost

    def let_go(self) -> None:
        """Take note that the directory is about to be removed: what is missing from then on is not lost."""
        self._known_lost = self.lost
        for game in self.games.values():
            game.let_go()

    def _reals_are_lost(self, written: Mapping[str, Kept] | None) -> bool:
        path = self.path / REALS
        is_there = path.exists() or path.is_symlink()
        return is_there and self.reals is None and self.real_values is None

    def kept(self) -> dict[str, Kept]:
        """Return what is there, for a writer that goes on with the run. What has been lost stays in it as lost."""
        kept = dict(self.manifest.files or {})
        for name, reader in self._segments.items():
            path = f"{SIGNALS}/{name}"
            if reader.damage is None and not (path in kept and reader.differs(kept[path])):
                kept[path] = reader.kept
        if self.manifest.files is None:
            for file in (self.path / "samples").glob("*.npz"):
                with suppress(OSError):
                    kept[f"samples/{file.name}"] = kept_of(self.path, file)
        return kept

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
            KeyError: The signal was never recorded. The message names the nearest one that was, and lists all, a
                family as one.
        """
        if name not in self:
            raise KeyError(not_recorded(str(name), self.names, self.path))
        import pandas as pd

        steps, values = self._columns[name].read()
        return pd.Series(values, index=pd.Index(steps, name=STEP), name=name)

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the recorded signals."""
        return iter(self.names)

    def _ipython_key_completions_(self) -> list[str]:
        """Return what IPython completes in `run["`."""
        return self.names

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
            if event.kind == "forked":
                return "interrupted"
            if event.kind in ("started", "resumed"):
                return "running" if is_alive(extra, self._last_write()) else "interrupted"
        return "interrupted"

    @property
    def sheets(self) -> list[SampleSheet]:
        """Contact sheets in order of step."""
        sheets = [] if self._in_memory else sheets_of(self.path, self._cut_at)
        return [sheet for sheet in sheets if sheet.step >= self._cut_before]

    @property
    def reals(self) -> np.ndarray | None:
        """The real probe images, uint8 (n, height, width, channels), scaled from the data's range. None if absent."""
        if self._reals is None and not self._in_memory:
            self._reals = read_images(self.path, self.path / REALS, "reals")
        return self._reals

    @property
    def answers(self) -> Answers | None:
        """A few inputs that are images, and what was made of them at the end. None if absent, or up to a step."""
        return None if self._in_memory or self._cut_at is not None else answers_of(self.path)

    @property
    def real_values(self) -> np.ndarray | None:
        """The real probe series (n, T, C) or vectors (n, c), float32, in data units. None if absent or images."""
        if self._real_values is None and not self._in_memory:
            array = read_values(self.path, self.path / REALS)
            if array is not None and np.isfinite(array).all():
                self._real_values = array
        return self._real_values

    @property
    def last_values(self) -> tuple[int, np.ndarray] | None:
        """Step and values of the newest stored samples, float32 (n, T, C) or (n, c). None if absent or images."""
        return None if self._in_memory else newest_values_of(self.path, self._cut_at)

    def _last_write(self) -> float:
        times = [0.0]
        for path in self._files():
            with suppress(OSError):
                times.append(path.lstat().st_mtime)
        return max(times)

    def _files(self) -> Iterator[Path]:
        yield from (self.path / SIGNALS).glob("*.arrows")
        yield from self.path.glob("events.jsonl")
