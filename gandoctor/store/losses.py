"""What was written to a run directory and is not there any more, or not as it was: each loss is named."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from gandoctor.message import Message
from gandoctor.store.events import Event
from gandoctor.store.files import opened
from gandoctor.store.manifest import Kept
from gandoctor.store.segments import SegmentReader

SIGNALS = "signals"
READ_BYTES = 2**20
ROWS_MOST = 10**15
NAMED_MOST = 100
"""Missing segments, or scalars, that are named each."""


def number_of(segment: str) -> int | None:
    """Return the number that a segment's file name stands for, or None if it is not one of ours."""
    stem = segment.removesuffix(".arrows")
    return int(stem) if stem.isascii() and stem.isdecimal() and len(stem) < 10 else None


def lost_of_segments(
    segments: Mapping[str, SegmentReader], written: Mapping[str, Kept] | None, has_ended: bool
) -> Iterator[Message]:
    """Yield a message for every segment that lacks something.

    Args:
        segments: File name -> what was read of it.
        written: What the manifest says was written, by path; None where it does not.
        has_ended: Whether the writer has recorded its end.
    """
    listed = {Path(path).name: kept for path, kept in (written or {}).items() if path.startswith(f"{SIGNALS}/")}
    numbers = [number for name in (*segments, *listed) if (number := number_of(name)) is not None]
    last = max(numbers, default=-1)
    expected = {f"{number:04d}.arrows" for number in _lacking(numbers, last)} | set(listed)
    for name in sorted(expected - set(segments)):
        yield _missing(name, listed.get(name))
    for name, reader in segments.items():
        loss = reader.damage
        if loss is None and name in listed:
            loss = _changed(reader, listed[name])
        elif loss is None and written is None:
            loss = _cut_off(reader, has_ended and number_of(name) == last)
        if loss is not None:
            yield loss


def _lacking(numbers: Collection[int], last: int) -> Iterator[int]:
    """Yield the first numbers that are left out of the sequence; a hostile name may leave out a thousand million."""
    known = set(numbers)
    missing = (number for number in range(last) if number not in known)
    yield from (number for number, _ in zip(missing, range(NAMED_MOST), strict=False))


def _missing(name: str, kept: Kept | None) -> Message:
    if kept is None or kept.rows is None:
        return Message("{file} is missing: the signals in it are lost.", file=name)
    return Message("{file} is missing: {rows} rows of signals are lost.", file=name, rows=kept.rows)


def _changed(reader: SegmentReader, kept: Kept) -> Message | None:
    if not reader.differs(kept):
        return None
    lost = (kept.rows or 0) - reader.rows
    if lost > 0:
        return Message(
            "{file} ends early: {lost} of {rows} rows of signals are lost.",
            file=reader.path.name,
            lost=lost,
            rows=kept.rows or 0,
        )
    return Message("{file} was changed after it was written: its values may be wrong.", file=reader.path.name)


def _cut_off(reader: SegmentReader, must_end: bool) -> Message | None:
    """Return what shows without a record of what was written: an empty file, and one without the end it was given."""
    if not reader.rows:
        return Message("{file} is empty: the signals in it are lost.", file=reader.path.name)
    if must_end and not reader.is_ended:
        return Message("{file} ends early: its last rows of signals are lost.", file=reader.path.name)
    return None


def lost_while_written(events: Iterable[Event]) -> Iterator[Message]:
    """Yield a message for every end of training that tells of rows that could not be written."""
    for event in events:
        rows = (event.model_extra or {}).get("lost_rows")
        if event.kind == "ended" and isinstance(rows, int) and rows > 0:
            yield Message(
                "{rows} rows of signals before step {step} could not be written and are lost.",
                rows=min(rows, ROWS_MOST),
                step=event.step,
            )


def left_out(events: Iterable[Event]) -> Iterator[Message]:
    """Yield a message for every scalar of which values were left out because they were no numbers, or of its name."""
    counts: dict[str, int] = {}
    for event in events:
        told = (event.model_extra or {}).get("left_out")
        if event.kind == "ended" and isinstance(told, dict):
            for name, count in list(told.items())[:NAMED_MOST]:
                counts[name] = counts.get(name, 0) + (count if isinstance(count, int) else 0)
    for name, count in list(counts.items())[:NAMED_MOST]:
        yield Message(
            "monitor.step({name}=...): {count} values were left out, because this name or they cannot be recorded.",
            name=name,
            count=min(count, ROWS_MOST),
        )


class FileChecks:
    """Compares files with what was written of them; a file that has not changed since is read once."""

    def __init__(self) -> None:
        self._checked: dict[Path, tuple[object, Message | None]] = {}

    def lost(self, run_dir: Path, written: Mapping[str, Kept]) -> Iterator[Message]:
        """Yield a message for every file of samples that is missing or not as it was written."""
        for name, kept in sorted(written.items()):
            if kept.rows is None and (loss := self._lost(run_dir, name, kept)) is not None:
                yield loss

    def _lost(self, run_dir: Path, name: str, kept: Kept) -> Message | None:
        path = run_dir / name
        try:
            status = path.lstat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns, kept.size, kept.checksum)
            known = self._checked.get(path)
            if known is None or known[0] != state:
                same = status.st_size == kept.size and checksum_of(run_dir, path) == kept.checksum
                loss = None if same else Message("{file} was changed after it was written.", file=name)
                known = self._checked[path] = (state, loss)
        except FileNotFoundError:
            return Message("{file} is missing.", file=name)
        except OSError as error:
            return Message("{file} cannot be read: {error}.", file=name, error=str(error))
        return known[1]


def checksum_of(run_dir: Path, path: Path) -> int:
    """Return the CRC-32 of a file.

    Raises:
        OSError: It cannot be read.
    """
    checksum = 0
    with opened(run_dir, path) as file:
        while chunk := file.read(READ_BYTES):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def kept_of(run_dir: Path, path: Path) -> Kept:
    """Return what a file holds now.

    Raises:
        OSError: It cannot be read.
    """
    return Kept(size=path.stat().st_size, checksum=checksum_of(run_dir, path))
