"""Snapshots: all that a training needs to go on from a step, `snapshots/<step>.npz`. Numbers only, never pickle."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from gandoctor.errors import UnusableSnapshot
from gandoctor.store.arrays import has_few_entries, unpacked
from gandoctor.store.atomic import replacing
from gandoctor.store.files import STEP_MAX, opened

FOLDER = "snapshots"
ENTRIES_MAX_BYTES = 4 * 2**20
"""Of the archive's list of arrays: some 40,000 of them."""


def snapshot_path(run_dir: Path, step: int) -> Path:
    """Return where the snapshot of a step is kept."""
    return run_dir / FOLDER / f"{step:06d}.npz"


def snapshots_of(run_dir: Path) -> list[int]:
    """Return the steps of which a run directory has snapshots, in order."""
    names = [path.stem for path in (run_dir / FOLDER).glob("*.npz")]
    steps = {int(name) for name in names if name.isascii() and name.isdecimal() and len(name) < 14}
    return sorted(step for step in steps if 0 < step <= STEP_MAX and snapshot_path(run_dir, step).is_file())


def write_snapshot(run_dir: Path, step: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a snapshot, atomically.

    Raises:
        OSError: The folder cannot be written to.
    """
    path = snapshot_path(run_dir, step)
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _plain(array), allow_pickle=False)


def remove_snapshot(run_dir: Path, step: int) -> None:
    """Remove a snapshot, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(snapshot_path(run_dir, step))


class Snapshot:
    """An open snapshot; see `open_snapshot`.

    Attributes:
        names: Names of its arrays.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self.names = frozenset(name.removesuffix(".npy") for name in archive.namelist())

    def read(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Read one array. Its size is compared before any of it is read.

        Raises:
            UnusableSnapshot: It is missing, damaged, or has another shape or type.
        """
        if name not in self.names:
            raise UnusableSnapshot(f"The snapshot {self._path} has no {name}.")
        kept = _plain(np.empty(0, dtype)).dtype
        with _explained(self._path), self._archive.open(f"{name}.npy") as member:
            array = unpacked(member, lambda has, of: (has, of) == (shape, kept))
        if array is None:
            raise UnusableSnapshot(f"In the snapshot {self._path}, {name} is damaged or not of shape {shape}, {kept}.")
        return array.view(dtype)


@contextmanager
def open_snapshot(run_dir: Path, step: int) -> Iterator[Snapshot]:
    """Open the snapshot of a step.

    Raises:
        UnusableSnapshot: There is none, or it cannot be read.
    """
    path = snapshot_path(run_dir, step)
    if not path.exists():
        kept = ", ".join(map(str, snapshots_of(run_dir)))
        has = f"it has those of steps {kept}" if kept else "it has none"
        raise UnusableSnapshot(f"{run_dir} has no snapshot of step {step}: {has}.")
    with _explained(path):
        file = opened(run_dir, path)
    with file:
        with _explained(path):
            if not has_few_entries(file, ENTRIES_MAX_BYTES):
                raise OSError("it is no archive of arrays")
            archive = zipfile.ZipFile(file)
        with archive:
            yield Snapshot(path, archive)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - zipfile, zlib, NumPy's header and its tokenizer each raise their own
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnusableSnapshot(f"The snapshot {path} cannot be read: {said}.") from None


def _plain(array: np.ndarray) -> np.ndarray:
    """Return the bits of a type that NumPy's files do not know, such as bfloat16, as whole numbers."""
    return array if array.dtype.kind in "biufc" else array.view(f"u{array.dtype.itemsize}")
