"""Signal segments: append-only Arrow IPC streams with one row per recorded step, readable while they grow."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow as pa

from gandoctor.message import Message
from gandoctor.store.files import STEP_MAX, opened
from gandoctor.store.manifest import Kept

STEP = "step"
TIME = "time"
NAME_MAX = 500
TIME_MAX = 1e11
COLUMNS_MAX = 10_000
METADATA_MAX_BYTES = 16 * 2**20
GROUP_BYTES = 2**20
"""Of messages that are decoded at once. With 16 MB, loading takes as long and 150 MB more at its peak."""
BODY_MAX_BYTES = 128 * 2**20
RECORD_BATCH = 3
"""Number of a record batch among Arrow's message headers; its field 3 tells of compression, which we never use."""
END_OF_STREAM = struct.pack("<Ii", 0xFFFFFFFF, 0)


@lru_cache(maxsize=10_000)
def can_name_a_signal(name: object) -> bool:
    """Return whether a column may have this name: printable text, not empty, and none of the store's own columns."""
    return isinstance(name, str) and name not in ("", STEP, TIME) and len(name) <= NAME_MAX and name.isprintable()


class SegmentWriter:
    """Writes one Arrow stream with a fixed set of columns.

    Args:
        path: File to create. It must not exist.
        names: Signal columns, in addition to `step` and `time`.

    Attributes:
        kept: What the operating system has been handed so far.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        import pyarrow as pa

        self.path = path
        self.names = tuple(names)
        self.schema = pa.schema(
            [(STEP, pa.int64()), (TIME, pa.float64()), *((name, pa.float64()) for name in self.names)]
        )
        self.kept = Kept(size=0, checksum=0, rows=0)
        self._file = path.open("xb")

    def write(self, rows: Sequence[Mapping[str, float | None]]) -> None:
        """Append rows as one record batch and hand them to the operating system; absent values become null."""
        import pyarrow as pa

        recorded = {name for row in rows for name in row}
        columns = [
            # from_pandas=False keeps NaN (produced by the training) distinct from null (not recorded).
            pa.array([row.get(field.name) for row in rows], type=field.type, from_pandas=False)
            if field.name in recorded
            else pa.nulls(len(rows), field.type)
            for field in self.schema
        ]
        batch = pa.record_batch(columns, schema=self.schema).serialize().to_pybytes()
        self._append(batch if self.kept.size else self.schema.serialize().to_pybytes() + batch, len(rows))

    def _append(self, content: bytes, rows: int) -> None:
        self._file.write(content)
        self._file.flush()
        kept = self.kept
        self.kept = Kept(
            size=kept.size + len(content), checksum=zlib.crc32(content, kept.checksum), rows=(kept.rows or 0) + rows
        )

    def abandon(self) -> None:
        """Close the file without ending the stream. Complete batches stay readable."""
        with suppress(OSError):
            self._file.close()

    __del__ = abandon  # of a writer that nobody closes, as a killed one

    def close(self) -> None:
        """End the stream."""
        with self._file:
            self._append(END_OF_STREAM, 0)


class SegmentReader:
    """Reads a segment from where the last call stopped and leaves an incomplete batch for the next call.

    Attributes:
        damage: What is wrong with the file apart from an incomplete last batch, or None.
        unread_bytes: Length of the incomplete last batch, which is still being written or was cut off by a kill.
        rows: Rows read so far.
        is_ended: Whether the writer has ended the stream.
    """

    def __init__(self, run_dir: Path, path: Path) -> None:
        self.path = path
        self._run_dir = run_dir
        self.damage: Message | None = None
        self.unread_bytes = 0
        self.rows = 0
        self.is_ended = False
        self._schema: pa.Schema | None = None
        self._offset = 0
        self._checksums = {0: 0}

    @property
    def kept(self) -> Kept:
        """What was read so far."""
        return Kept(size=self._offset, checksum=self._checksums[self._offset], rows=self.rows)

    def read_new(self) -> Iterator[pa.Table]:
        """Yield the rows of the batches that were completed since the last call, part by part."""
        if self.damage is not None or self.is_ended:
            return
        import pyarrow as pa

        try:
            with opened(self._run_dir, self.path) as file:
                size = os.fstat(file.fileno()).st_size
                for messages in self._groups(file, size):
                    parts: list[pa.Table] = []
                    failure = self._take(messages, parts)
                    while parts:
                        yield parts.pop(0)  # nothing holds on to it here
                    if failure is not None:
                        raise failure
        except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError, OverflowError) as error:
            self.damage = Message(
                "{file} is unreadable after byte {byte}: {error}.",
                file=self.path.name,
                byte=self._offset,
                error=(str(error).splitlines() or [type(error).__name__])[0].rstrip("."),
            )

    def differs(self, written: Kept) -> bool:
        """Return whether what was read is not what had been written by then."""
        return self._checksums.get(written.size) != written.checksum

    def _groups(self, file: BinaryIO, size: int) -> Iterator[list[bytes]]:
        """Yield the whole messages from where reading stopped, many at a time: decoding each alone takes ten times."""
        file.seek(self._offset)
        position, failure = self._offset, None
        group: list[bytes] = []
        while position < size and END_OF_STREAM not in group[-1:]:
            try:
                content = self._next_message(file, size)
            except ValueError as error:
                content, failure = None, error
            self.unread_bytes = size - position if content is None and failure is None else 0
            if content is None:
                break
            group.append(content)
            position += len(content)
            if position - self._offset >= GROUP_BYTES:
                yield group
                group = []
        yield group
        if failure is not None:
            raise failure

    def _take(self, messages: list[bytes], parts: list[pa.Table]) -> Exception | None:
        """Read messages into parts, up to the first that cannot be read; return what is wrong with it."""
        import pyarrow as pa

        try:
            parts.append(self._decoded(messages))
        except (pa.ArrowException, ValueError, KeyError):
            for content in messages:
                try:
                    batch = self._read(content)
                except (pa.ArrowException, ValueError, KeyError) as error:
                    return error
                if batch is not None:
                    parts.append(pa.Table.from_batches([batch]))
                self._advance([content], 0 if batch is None else len(batch))
        else:
            self._advance(messages, len(parts[-1]))
        return None

    def _advance(self, messages: list[bytes], rows: int) -> None:
        self.rows += rows
        for content in messages:
            checksum = zlib.crc32(content, self._checksums[self._offset])
            self._offset += len(content)
            self._checksums[self._offset] = checksum
            self.is_ended = content == END_OF_STREAM

    def _decoded(self, messages: list[bytes]) -> pa.Table:
        """Read all messages at once."""
        import pyarrow as pa

        if not messages or messages == [END_OF_STREAM]:
            return pa.table({STEP: pa.array([], pa.int64())})
        head = b"" if self._schema is None else self._schema.serialize().to_pybytes()
        table = pa.ipc.open_stream(pa.py_buffer(b"".join([head, *messages]))).read_all()
        schema = self._checked(table.schema)
        _check(table)
        self._schema = schema
        return table

    def _read(self, content: bytes) -> pa.RecordBatch | None:
        """Read one message, and raise what is wrong with it."""
        import pyarrow as pa

        if content == END_OF_STREAM:
            return None
        message = pa.ipc.read_message(content)
        if message.type == "schema":
            if self._schema is not None:
                raise ValueError("its columns change")
            self._schema = self._checked(pa.ipc.read_schema(message))
        if message.type != "record batch" or self._schema is None:
            return None
        batch = pa.ipc.read_record_batch(message, self._schema)
        _check(batch)
        return batch

    @staticmethod
    def _next_message(file: BinaryIO, size: int) -> bytes | None:
        """Read one whole message, or None if its tail has not been written (yet)."""
        head = file.read(8)
        if len(head) < 8:
            return None
        marker, metadata_length = struct.unpack("<Ii", head)
        if marker != 0xFFFFFFFF or not 0 <= metadata_length <= METADATA_MAX_BYTES:
            raise ValueError("not an Arrow stream of a run")
        if metadata_length == 0:
            return END_OF_STREAM
        metadata = file.read(metadata_length)
        if len(metadata) < metadata_length:
            return None
        body_length = _body_length(metadata)
        if body_length > BODY_MAX_BYTES:
            raise ValueError(f"a batch of {body_length} bytes is larger than any that is written")
        if file.tell() + body_length > size:
            return None
        return head + metadata + file.read(body_length)

    @staticmethod
    def _checked(schema: pa.Schema) -> pa.Schema:
        import pyarrow as pa

        if len(schema.names) > COLUMNS_MAX or len(set(schema.names)) < len(schema.names):
            raise ValueError("it has the same column twice, or more than any run")
        if STEP not in schema.names or schema.field(STEP).type != pa.int64():
            raise ValueError("no integer column 'step'")
        wrong = [f.name for f in schema if f.name != STEP and f.type != pa.float64()]
        if wrong:
            raise ValueError(f"column {wrong[0]!r} is not a number")
        unnamed = [name for name in schema.names if name not in (STEP, TIME) and not can_name_a_signal(name)]
        if unnamed:
            raise ValueError(f"{unnamed[0][:NAME_MAX]!r} cannot name a signal")
        return schema


def _check(rows: pa.Table | pa.RecordBatch) -> None:
    """Check that rows are what a run writes.

    Raises:
        ValueError, ArrowException: They are not.
    """
    rows.validate(full=True)
    if rows[STEP].null_count:
        raise ValueError("a row has no step")
    steps = rows[STEP].to_numpy()
    if len(steps) and not 0 <= steps.min() <= steps.max() <= STEP_MAX:
        raise ValueError("a step is no number of steps")
    if TIME in rows.schema.names:
        times = rows[TIME].drop_null().to_numpy()
        if not ((times >= 0) & (times <= TIME_MAX)).all():
            raise ValueError("a row's time is no time")


@lru_cache(maxsize=64)  # batches of as many rows have the same
def _body_length(metadata: bytes) -> int:
    """Read `bodyLength`, field 3 of the Message flatbuffer (Arrow columnar format, "Encapsulated message format").

    pyarrow raises the same exception for an incomplete body and for corruption, so it cannot tell them apart.
    """
    try:
        (table,) = struct.unpack_from("<I", metadata, 0)
        at = _field(metadata, table, 3)
        length: int = struct.unpack_from("<q", metadata, at)[0] if at else 0
        header = _field(metadata, table, 2)
        if header and metadata[_field(metadata, table, 1)] == RECORD_BATCH:
            batch = header + struct.unpack_from("<I", metadata, header)[0]
            if _field(metadata, batch, 3):
                raise ValueError("a batch is compressed: nothing tells how large it is")
    except (struct.error, IndexError):
        raise ValueError("not an Arrow message") from None
    if length < 0:
        raise ValueError("not an Arrow message")
    return length


def _field(metadata: bytes, table: int, number: int) -> int:
    """Return the position of a field of a flatbuffer's table, or 0 where it has its default."""
    (vtable_distance,) = struct.unpack_from("<i", metadata, table)
    vtable = table - vtable_distance
    if vtable < 0:
        raise ValueError("not an Arrow message")
    (vtable_size,) = struct.unpack_from("<H", metadata, vtable)
    if vtable_size < 6 + 2 * number:
        return 0
    (field,) = struct.unpack_from("<H", metadata, vtable + 4 + 2 * number)
    return table + field if field else 0
