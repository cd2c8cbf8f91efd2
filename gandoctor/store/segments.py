"""Signal segments: append-only Arrow IPC streams with one row per recorded step, readable while they grow."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import pyarrow as pa

from gandoctor.message import Message

STEP = "step"
TIME = "time"


class SegmentWriter:
    """Writes one Arrow stream with a fixed set of columns.

    Args:
        path: File to create. It must not exist.
        names: Signal columns, in addition to `step` and `time`.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        import pyarrow as pa

        self.names = tuple(names)
        self.schema = pa.schema(
            [(STEP, pa.int64()), (TIME, pa.float64()), *((name, pa.float64()) for name in self.names)]
        )
        self._file = path.open("xb")
        self._stream = pa.ipc.new_stream(self._file, self.schema)

    def write(self, rows: Sequence[Mapping[str, float | None]]) -> None:
        """Append rows as one record batch and hand them to the operating system; absent values become null."""
        import pyarrow as pa

        columns = [
            # from_pandas=False keeps NaN (produced by the training) distinct from null (not recorded).
            pa.array([row.get(field.name) for row in rows], type=field.type, from_pandas=False)
            for field in self.schema
        ]
        self._stream.write_batch(pa.record_batch(columns, schema=self.schema))
        self._file.flush()

    def abandon(self) -> None:
        """Close the file without ending the stream. Complete batches stay readable."""
        with suppress(OSError):
            self._file.close()

    def close(self) -> None:
        """End the stream."""
        with self._file:
            self._stream.close()


class SegmentReader:
    """Reads a segment from where the last call stopped and leaves an incomplete batch for the next call.

    Attributes:
        damage: What is wrong with the file apart from an incomplete last batch, or None.
        unread_bytes: Length of the incomplete last batch, which is still being written or was cut off by a kill.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: Message | None = None
        self.unread_bytes = 0
        self._schema: pa.Schema | None = None
        self._offset = 0

    def read_new(self) -> list[pa.RecordBatch]:
        """Return the record batches that were completed since the last call."""
        if self.damage is not None:
            return []
        import pyarrow as pa

        batches: list[pa.RecordBatch] = []
        try:
            with self.path.open("rb") as file:
                file.seek(0, 2)
                size = file.tell()
                while self._offset < size:
                    file.seek(self._offset)
                    message = self._next_message(file, size)
                    self.unread_bytes = size - self._offset if message is None else 0
                    if message is None:
                        break
                    self._offset = file.tell()
                    if message.type == "schema":
                        self._schema = self._checked(pa.ipc.read_schema(message))
                    elif message.type == "record batch" and self._schema is not None:
                        batch = pa.ipc.read_record_batch(message, self._schema)
                        batch.validate(full=True)
                        if batch[STEP].null_count:
                            raise ValueError("a row has no step")
                        batches.append(batch)
        except (pa.ArrowException, OSError, ValueError, KeyError, MemoryError) as error:
            self.damage = Message(
                "{file} is unreadable after byte {byte}: {error}.",
                file=self.path.name,
                byte=self._offset,
                error=str(error).splitlines()[0].rstrip("."),
            )
        return batches

    @staticmethod
    def _next_message(file: BinaryIO, size: int) -> pa.ipc.Message | None:
        """Read one whole message, or None if its tail has not been written (yet) or the stream has ended."""
        start = file.tell()
        head = file.read(8)
        if len(head) < 8:
            return None
        import pyarrow as pa

        marker, metadata_length = struct.unpack("<Ii", head)
        if marker != 0xFFFFFFFF or metadata_length < 0:
            raise ValueError("not an Arrow stream")
        if metadata_length == 0:
            return None  # end of stream
        metadata = file.read(metadata_length)
        if len(metadata) < metadata_length or file.tell() + _body_length(metadata) > size:
            return None
        file.seek(start)
        return pa.ipc.read_message(file)

    @staticmethod
    def _checked(schema: pa.Schema) -> pa.Schema:
        import pyarrow as pa

        if STEP not in schema.names or schema.field(STEP).type != pa.int64():
            raise ValueError("no integer column 'step'")
        wrong = [f.name for f in schema if f.name != STEP and f.type != pa.float64()]
        if wrong:
            raise ValueError(f"column {wrong[0]!r} is not a number")
        return schema


def _body_length(metadata: bytes) -> int:
    """Read `bodyLength`, field 3 of the Message flatbuffer (Arrow columnar format, "Encapsulated message format").

    pyarrow raises the same exception for an incomplete body and for corruption, so it cannot tell them apart.
    """
    try:
        (table,) = struct.unpack_from("<I", metadata, 0)
        (vtable_distance,) = struct.unpack_from("<i", metadata, table)
        vtable = table - vtable_distance
        (vtable_size,) = struct.unpack_from("<H", metadata, vtable)
        if vtable_size <= 10:
            return 0
        (field,) = struct.unpack_from("<H", metadata, vtable + 10)
        length: int = struct.unpack_from("<q", metadata, table + field)[0] if field else 0
    except struct.error:
        raise ValueError("not an Arrow message") from None
    if length < 0:
        raise ValueError("not an Arrow message")
    return length
