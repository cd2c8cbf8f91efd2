"""What was written to a run directory and is not there any more, or not as it was: each loss is named."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from gandoctor.message import Message
from gandoctor.store.manifest import Kept
from gandoctor.store.segments import SegmentReader

SIGNALS = "signals"
READ_BYTES = 2**20


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


NAMED_MOST = 100
"""Missing segments that are named each."""


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
            status = path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns, kept.size, kept.checksum)
            known = self._checked.get(path)
            if known is None or known[0] != state:
                same = status.st_size == kept.size and checksum_of(path) == kept.checksum
                loss = None if same else Message("{file} was changed after it was written.", file=name)
                known = self._checked[path] = (state, loss)
        except FileNotFoundError:
            return Message("{file} is missing.", file=name)
        except OSError as error:
            return Message("{file} cannot be read: {error}.", file=name, error=error.strerror or str(error))
        return known[1]


def checksum_of(path: Path) -> int:
    """Return the CRC-32 of a file.

    Raises:
        OSError: It cannot be read.
    """
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            checksum = zlib.crc32(chunk, checksum)
    return checksum


def kept_of(path: Path) -> Kept:
    """Return what a file holds now.

    Raises:
        OSError: It cannot be read.
    """
    return Kept(size=path.stat().st_size, checksum=checksum_of(path))
