"""Reads the arrays behind samples, `*.npz`: without pickle, and only what its declared size allows."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from gandoctor.store.files import opened

ARRAY_MAX_BYTES = 256 * 2**20
DIRECTORY_MAX_BYTES = 2**16
_END_OF_DIRECTORY = b"PK\x05\x06"


def read_images(run_dir: Path, path: Path, key: str) -> np.ndarray | None:
    """Read one uint8 image array (n, height, width, channels); return None on failure."""
    array = _read_array(run_dir, path, key)
    return array if array is not None and array.dtype == np.uint8 and array.ndim == 4 and array.size else None


def read_values(run_dir: Path, path: Path) -> np.ndarray | None:
    """Read series or vectors, float32; return None on failure."""
    array = _read_array(run_dir, path, "values")
    fits = array is not None and array.dtype == np.float32 and array.ndim in (2, 3) and array.size
    return array if fits else None


def _read_array(run_dir: Path, path: Path, key: str) -> np.ndarray | None:
    try:
        with opened(run_dir, path) as file:
            if not has_few_entries(file):
                return None
            with zipfile.ZipFile(file) as archive, archive.open(f"{key}.npy") as member:
                return unpacked(member, lambda shape, dtype: math.prod(shape) * dtype.itemsize <= ARRAY_MAX_BYTES)
    except Exception:  # noqa: BLE001 - zipfile, zlib, NumPy's header and its tokenizer each raise their own
        return None


def has_few_entries(file: BinaryIO, most_bytes: int = DIRECTORY_MAX_BYTES) -> bool:
    """Tell whether an archive's directory is short, before zipfile keeps an object for each of a million entries."""
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - DIRECTORY_MAX_BYTES))
    tail = file.read(DIRECTORY_MAX_BYTES)
    at = tail.rfind(_END_OF_DIRECTORY)
    return at >= 0 and int.from_bytes(tail[at + 12 : at + 16], "little") <= most_bytes


def unpacked(member: IO[bytes], is_wanted: Callable[[tuple[int, ...], np.dtype], bool]) -> np.ndarray | None:
    """Read an array; None where it ends early, holds objects, or its declared shape and type are not wanted."""
    version = np.lib.format.read_magic(member)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, fortran_order, dtype = read_header(member)
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or not is_wanted(shape, dtype):
        return None
    content, filled = np.empty(size, np.uint8), 0
    while filled < size:
        chunk = member.read(min(2**20, size - filled))
        if not chunk:
            return None
        content[filled : filled + len(chunk)] = np.frombuffer(chunk, np.uint8)
        filled += len(chunk)
    member.read(1)  # at the end of the member, zipfile compares its checksum
    return content.view(dtype).reshape(shape, order="F" if fortran_order else "C")
