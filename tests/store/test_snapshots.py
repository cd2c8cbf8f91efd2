"""Snapshots are arrays and nothing else: what is damaged or hostile is one clear error, whatever it declares."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gandoctor.errors import UnusableSnapshot
from gandoctor.store.snapshots import open_snapshot, remove_snapshot, snapshot_path, snapshots_of, write_snapshot

FLOATS = np.dtype(np.float32)
WEIGHTS = np.arange(6, dtype=FLOATS).reshape(2, 3)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    write_snapshot(tmp_path / "run", 40, {"a/b.0": WEIGHTS, "step": np.array(40)})
    return tmp_path / "run"


def read(run_dir: Path, name: str = "a/b.0", shape: tuple[int, ...] = (2, 3), dtype: np.dtype = FLOATS) -> np.ndarray:
    with open_snapshot(run_dir, 40) as snapshot:
        return snapshot.read(name, shape, dtype)


def test_arrays_are_read_as_they_were_written(run_dir: Path) -> None:
    with open_snapshot(run_dir, 40) as snapshot:
        assert snapshot.names == {"a/b.0", "step"}
    np.testing.assert_array_equal(read(run_dir), WEIGHTS)
    assert read(run_dir, "step", (), np.dtype(np.int64)) == 40


def test_a_type_that_numpys_files_do_not_know_keeps_its_bits(run_dir: Path) -> None:
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    write_snapshot(run_dir, 40, {"a/b.0": WEIGHTS.astype(bfloat16)})
    found = read(run_dir, dtype=np.dtype(bfloat16))
    assert found.dtype == bfloat16
    np.testing.assert_array_equal(found.astype(np.float32), WEIGHTS)


def test_they_are_listed_by_step(run_dir: Path) -> None:
    write_snapshot(run_dir, 1_000_000, {})
    for name in ("note.txt", "x.npz", "-3.npz", "٣.npz", "0.npz"):
        (run_dir / "snapshots" / name).write_bytes(b"")
    assert snapshots_of(run_dir) == [40, 1_000_000]
    remove_snapshot(run_dir, 40)
    remove_snapshot(run_dir, 40)
    assert snapshots_of(run_dir) == [1_000_000]
    assert snapshots_of(run_dir / "nowhere") == []


def test_what_is_not_there_is_named_with_what_is(run_dir: Path) -> None:
    with (
        pytest.raises(UnusableSnapshot, match="no snapshot of step 41: it has those of steps 40"),
        open_snapshot(run_dir, 41),
    ):
        pass
    with pytest.raises(UnusableSnapshot, match="has no c"):
        read(run_dir, "c")


def header(shape: object, descr: str = "<f4") -> bytes:
    text = repr({"descr": descr, "fortran_order": False, "shape": shape})
    text = f"{text:<117}\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def archive(content: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        file.writestr("a/b.0.npy", content)
    return buffer.getvalue()


def pickled() -> bytes:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return (os._exit, (3,))

    return header((1,), "|O") + pickle.dumps(Bomb())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        archive(header((2, 3)) + WEIGHTS.tobytes())[:-30],
        archive(header((2, 3)) + WEIGHTS.tobytes()[:-4]),
        archive(header((3, 2)) + WEIGHTS.tobytes()),
        archive(header((2, 3), "<f8") + bytes(48)),
        archive(header((2**40, 3))),
        archive(header((2, 3)) + bytes(10**7), zipfile.ZIP_DEFLATED)[:300],
        archive(header((2, -3))),
        archive(header("(")),
        archive(pickled()),
        archive(b"\x80\x04."),
    ],
    ids=[
        "empty",
        "text",
        "cut",
        "short",
        "shape",
        "type",
        "huge",
        "deflated",
        "negative",
        "header",
        "objects",
        "pickle",
    ],
)
def test_what_is_damaged_or_hostile_is_one_error(run_dir: Path, content: bytes) -> None:
    snapshot_path(run_dir, 40).write_bytes(content)
    with pytest.raises(UnusableSnapshot, match=r"snapshot .*000040\.npz") as raised:
        read(run_dir)
    assert "\n" not in str(raised.value)


def test_a_flipped_bit_is_noticed(run_dir: Path) -> None:
    path = snapshot_path(run_dir, 40)
    content = bytearray(path.read_bytes())
    content[content.index(WEIGHTS.tobytes()) + 5] ^= 1
    path.write_bytes(content)
    with pytest.raises(UnusableSnapshot, match="CRC"):
        read(run_dir)


def test_a_link_out_of_the_run_directory_is_not_followed(run_dir: Path, tmp_path: Path) -> None:
    path = snapshot_path(run_dir, 40)
    path.rename(tmp_path / "elsewhere.npz")
    path.symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(UnusableSnapshot, match="leads out of the run directory"):
        read(run_dir)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UnusableSnapshot, match="not a regular file"):
        read(run_dir)


def test_a_directory_of_a_million_entries_is_not_read(run_dir: Path) -> None:
    path = snapshot_path(run_dir, 40)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x05\x06")
    content[at + 12 : at + 16] = (80_000_000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(UnusableSnapshot, match="no archive of arrays"):
        read(run_dir)
