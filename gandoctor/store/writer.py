"""RunWriter: the training side of the run directory."""

from __future__ import annotations

import io
import os
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from gandoctor.errors import NotWritable
from gandoctor.signals import cadence_of
from gandoctor.store.atomic import write_whole
from gandoctor.store.events import append_event
from gandoctor.store.liveness import alone_in, describe_this_process
from gandoctor.store.losses import SIGNALS, number_of
from gandoctor.store.manifest import MANIFEST_NAME, Kept, Manifest
from gandoctor.store.run import Run
from gandoctor.store.segments import STEP, TIME, SegmentWriter, can_name_a_signal

if TYPE_CHECKING:
    from PIL import Image

FLUSH_EVERY_S = 0.5
"""A row waits at most this long for a hand-over and a step, so that a kill costs less than a second."""
ROWS_KEPT_AFTER_FAILURE = 10_000
REALS_NAME = "reals.npz"
ANSWERS_NAME = "answers.npz"


class RunWriter:
    """Appends to one run directory. Recorded signals and events are never changed.

    Args:
        run_dir: Directory to create, or (with `resume`) a directory that already holds a run.
        manifest: Written at once. Replace it later with `write_manifest`.
        resume: Whether to continue an existing run, in a new segment.

    Raises:
        NotWritable: The directory already holds a run and `resume` is false, a live process is writing to it, or it
            cannot be written to.

    Attributes:
        is_open: Whether the run has not ended yet.
    """

    def __init__(self, run_dir: str | os.PathLike[str], manifest: Manifest, resume: bool = False) -> None:
        self.path = Path(run_dir)
        self.manifest = manifest
        self.last_step = 0
        self._segments: dict[bool, SegmentWriter] = {}
        self._rows: list[dict[str, float | None]] = []
        self._lost_rows = 0
        self._last_flush = time.monotonic()
        self.is_open = True
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with alone_in(self.path):
                self._begin(resume)
        except (OSError, ValueError) as error:
            raise NotWritable(f"Run directory {self.path} cannot be written: {error}") from None

    def _begin(self, resume: bool) -> None:
        """Find out what the directory holds and begin to write, before anybody else can."""
        exists = (self.path / MANIFEST_NAME).exists()
        if exists and not resume:
            raise NotWritable(
                f"{self.path} already holds a run. Choose another directory, or resume it (run --resume, resume=True)."
            )
        if exists:
            earlier = Run(self.path)
            if earlier.manifest.games:
                raise NotWritable(f"{self.path} is a run of several games. Name the one to go on with: game=...")
            if earlier.state == "running":
                raise NotWritable(f"{self.path} is being written by a training that is still running.")
            self.last_step = earlier.last_step
            self.manifest.files = earlier.kept()
        elif self.manifest.files is None:
            self.manifest.files = {}
        (self.path / SIGNALS).mkdir(exist_ok=True)
        (self.path / "samples").mkdir(exist_ok=True)
        self.manifest.save(self.path)
        self.event("resumed" if exists else "started", self.last_step, **describe_this_process())

    def write_manifest(self) -> None:
        """Write the current `manifest` again, with what has been recorded until now. The write is atomic."""
        for segment in self._segments.values():
            self._keep(segment.path, segment.kept)
        self.manifest.save(self.path)

    def _keep(self, path: Path, kept: Kept) -> None:
        if self.manifest.files is None:  # replaced since
            self.manifest.files = {}
        self.manifest.files[self._name(path)] = kept

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def event(self, kind: str, step: int, **fields: Any) -> None:
        """Append one event."""
        append_event(self.path, kind, step, **fields)

    def record(self, step: int, values: Mapping[str, float | None]) -> None:
        """Add one row. A missing name or None means not recorded, and NaN is recorded as NaN.

        Args:
            step: Number of completed training steps, increasing from row to row. 0 is the state before training.
            values: Signal name -> value.

        Raises:
            ValueError: A name that no signal can have, such as "step"; nothing is added.
            TypeError: A value that is not a number; nothing is added.
        """
        self.record_all({step: values})

    def record_all(self, rows: Mapping[int, Mapping[str, float | None]]) -> None:
        """Add rows (step -> values) in their order, as `record` does, and flush them together where that is due."""
        numbers = {step: _numbers(values) for step, values in rows.items()}
        for step, values in numbers.items():
            self._rows.append({STEP: step, TIME: time.time(), **values})
            self.last_step = max(self.last_step, step)
        if self.is_due():
            self.flush()

    def is_due(self, within: float = 0.0) -> bool:
        """Return whether rows are to be flushed now, or so many seconds from now."""
        return time.monotonic() - self._last_flush + within >= FLUSH_EVERY_S

    def flush(self) -> None:
        """Pass all recorded rows to the operating system.

        Raises:
            OSError: The rows cannot be written, for example because the disk is full. They are kept for the next
                attempt.
        """
        self._last_flush = time.monotonic()
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        open_before = {segment.path for segment in self._segments.values()}
        # A stream has a cell for every signal in every row. Probe rows, with a hundred signals, get their own stream.
        kinds = [(probe, [row for row in rows if _is_of_a_probe(row) == probe]) for probe in (False, True)]
        while kinds:
            probe, written = kinds[0]
            try:
                if written:
                    self._segment_for(probe, written).write(written)
            except OSError:
                # The segment may now end in an incomplete batch. Go on in a new one, and keep these rows up to a limit.
                if probe in self._segments:
                    self._segments[probe].abandon()
                    self._keep(self._segments[probe].path, self._segments.pop(probe).kept)
                unwritten = [row for _, rows in kinds for row in rows]
                self._rows = [*unwritten, *self._rows]
                self._lost_rows += max(0, len(self._rows) - ROWS_KEPT_AFTER_FAILURE)
                del self._rows[:-ROWS_KEPT_AFTER_FAILURE]
                raise
            kinds.pop(0)
        if not {segment.path for segment in self._segments.values()} <= open_before:
            self.write_manifest()  # from now on, a segment that goes missing is missed

    def _segment_for(self, probe: bool, rows: list[dict[str, float | None]]) -> SegmentWriter:
        """Return the open segment for these rows. Its columns are fixed, so a new signal opens a new segment."""
        names = {name for row in rows for name in row} - {STEP, TIME}
        known = set(self._segments[probe].names) if probe in self._segments else set()
        if probe not in self._segments or not names <= known:
            if probe in self._segments:
                self._end(probe)
            self._segments[probe] = SegmentWriter(self._next_segment_path(), sorted(names | known))
        return self._segments[probe]

    def _end(self, probe: bool) -> None:
        segment = self._segments.pop(probe)
        segment.close()
        self._keep(segment.path, segment.kept)

    def samples(self, step: int, fakes: np.ndarray, reals: np.ndarray | None = None) -> None:
        """Store a contact sheet of generated images and the arrays behind it.

        Args:
            step: Global step of the images.
            fakes: uint8, (n, height, width, channels), generated from the fixed latents.
            reals: Like `fakes`; shown in the first row of the sheet.
        """
        stem = self.path / "samples" / f"{step:06d}"
        self._replace(stem.with_suffix(".npz"), lambda file: np.savez_compressed(file, fakes=fakes))
        sheet = contact_sheet(fakes, reals)
        self._replace(stem.with_suffix(".png"), lambda file: sheet.save(file, format="PNG"))

    def reals(self, reals: np.ndarray) -> None:
        """Store the real images for comparison with the samples: uint8, (n, height, width, channels)."""
        self._replace(self.path / "samples" / REALS_NAME, lambda file: np.savez_compressed(file, reals=reals))

    def real_values(self, values: np.ndarray) -> None:
        """Store real series (n, T, C) or vectors (n, c) for comparison with the samples: float32, in data units."""
        self._replace(self.path / "samples" / REALS_NAME, lambda file: np.savez_compressed(file, values=values))

    def answers(self, inputs: np.ndarray, made: np.ndarray, belonging: np.ndarray | None) -> None:
        """Store a few inputs beside what was made of them, in place of earlier ones.

        All are images, uint8 (n, height, width, channels).

        Args:
            inputs: What the generator was given.
            made: What it made, row by row.
            belonging: The real images that the inputs belong to, where training has pairs.
        """
        arrays: dict[str, Any] = {"inputs": inputs, "made": made} | (
            {} if belonging is None else {"belonging": belonging}
        )
        self._replace(self.path / "samples" / ANSWERS_NAME, lambda file: np.savez_compressed(file, **arrays))

    def sample_values(self, step: int, values: np.ndarray) -> None:
        """Store generated series (n, T, C) or vectors (n, c), float32, in data units. There is no sheet of them."""
        path = self.path / "samples" / f"{step:06d}.npz"
        self._replace(path, lambda file: np.savez_compressed(file, values=values))

    def _replace(self, path: Path, write: Callable[[BinaryIO], Any]) -> None:
        """Write to memory and then to the file, atomically."""
        with suppress(OSError):  # else the next row tells of it
            self.flush()  # to draw and pack images takes a while, which completed steps need not wait
        buffer = io.BytesIO()
        write(buffer)
        content = buffer.getvalue()
        if self.manifest.files is not None and self.manifest.files.pop(self._name(path), None) is not None:
            self.write_manifest()  # killed now, the new content is not taken for damage
        write_whole(path, content)
        self._keep(path, Kept(size=len(content), checksum=zlib.crc32(content)))

    def close(self, reason: str, **fields: Any) -> None:
        """Flush, end the segment and record how the run ended.

        Args:
            reason: "completed", "stopped", "interrupted" or "crashed".
            fields: Recorded with the event, such as the exception of a crash.
        """
        try:
            self.flush()
        finally:
            for probe in tuple(self._segments):
                self._end(probe)
            self.write_manifest()
            self.is_open = False
            if self._lost_rows:
                fields["lost_rows"] = self._lost_rows
            self.event("ended", self.last_step, reason=reason, **fields)

    def reopen(self) -> None:
        """Continue the run after `close`, in a new segment."""
        self.is_open = True
        self.event("resumed", self.last_step, **describe_this_process())

    def _next_segment_path(self) -> Path:
        names = [path.name for path in (self.path / SIGNALS).glob("*.arrows")]
        names += [Path(name).name for name in self.manifest.files or () if name.startswith(f"{SIGNALS}/")]
        taken = [number for name in names if (number := number_of(name)) is not None]
        return self.path / SIGNALS / f"{max(taken, default=-1) + 1:04d}.arrows"


def _numbers(values: Mapping[str, float | None]) -> dict[str, float | None]:
    for name, value in values.items():
        if not can_name_a_signal(name):
            raise ValueError(f"{name!r} cannot name a signal")
        if isinstance(value, str | bytes):
            raise TypeError(f"{name!r} is no number but {value!r}")
    return {name: None if value is None else float(value) for name, value in values.items()}


def _is_of_a_probe(row: Mapping[str, float | None]) -> bool:
    return any(value is not None and cadence_of(name) == "probe" for name, value in row.items())


def contact_sheet(fakes: np.ndarray, reals: np.ndarray | None, columns: int = 8) -> Image.Image:
    """Lay out images in a grid, one row of reals on top; 2 pixels between images, 6 below the reals.

    Of two channels the first is shown, of four and more the first three.
    """
    from PIL import Image

    shown = 3 if fakes.shape[-1] >= 3 else 1
    fakes, reals = fakes[..., :shown], None if reals is None else reals[..., :shown]
    height, width, channels = fakes.shape[1:]
    blocks = [reals[:columns]] if reals is not None and len(reals) else []
    blocks += [fakes[i : i + columns] for i in range(0, len(fakes), columns)]
    gap = 2
    canvas = np.full((len(blocks) * (height + gap) + gap + 4, columns * (width + gap) + gap, channels), 96, np.uint8)
    top = gap
    for row, block in enumerate(blocks):
        for column, image in enumerate(block):
            left = gap + column * (width + gap)
            canvas[top : top + height, left : left + width] = image
        top += height + gap + (4 if row == 0 and reals is not None and len(reals) else 0)
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas)
