"""Ways to damage a run directory, each a function of the directory and a generator that returns what it changed."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

Mutation = Callable[[Path, random.Random], set[str]]
MUTATIONS: dict[str, Mutation] = {}

NESTED: Any = 1
for _ in range(500):
    NESTED = [NESTED]
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**31, 2**63, 10**400, -(10**30), 0.1, 1e308, float("nan"), float("inf"), "", "x" * 5_000),
    *("\x1b[2J\x07", "\u202e<script>", "\udcff", "{0.__class__}", "%s", [], {}, [None], {"": {}}, {"template": "{a}"}),
    *({"template": "{a:>9999999999}", "values": {"a": 1}}, NESTED, ["a"] * 3_000, {"code": "x", "message": "y"}),
)
ODD_NUMBERS = (np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, -0.0, 1e-300, 1e20)


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__.replace("_", " ")] = function
    return function


def touches_what_is_recorded(name: str) -> bool:
    """Tell whether a changed file holds signals or samples, whose loss the manifest would show."""
    return name.startswith(("signals/", "samples/"))


def files_of(run_dir: Path, pattern: str = "*") -> list[Path]:
    return sorted(path for path in run_dir.rglob(pattern) if path.is_file() and not path.is_symlink())


def any_file(run_dir: Path, rng: random.Random) -> Path:
    """Return a file, each kind of them as likely: samples are many, and little hangs on one of them."""
    files = files_of(run_dir)
    suffix = rng.choice(sorted({path.suffix for path in files}))
    return rng.choice([path for path in files if path.suffix == suffix])


def one_of(run_dir: Path, pattern: str, place: str, rng: random.Random) -> Path:
    """Return a file of the pattern, or the place of one that is not there.

    Raises:
        OSError: An earlier mutation has put a folder, a link or a pipe there, which might be waited at for ever.
    """
    path = rng.choice(files_of(run_dir, pattern) or [run_dir / place])
    _must_be_a_file(path)
    return path


def _must_be_a_file(path: Path) -> None:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OSError(f"{path} is no file")


def _written(run_dir: Path, path: Path, content: bytes) -> set[str]:
    _must_be_a_file(path)
    path.write_bytes(content)
    return {path.relative_to(run_dir).as_posix()}


def _bytes(change: Callable[[bytearray, random.Random], bytes | bytearray]) -> Mutation:
    def mutate(run_dir: Path, rng: random.Random) -> set[str]:
        path = any_file(run_dir, rng)
        content = bytearray(path.read_bytes())
        return _written(run_dir, path, change(content, rng)) if content else set()

    return mutate


def _flip(content: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 3, 50))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def _random_block(content: bytearray, rng: random.Random) -> bytearray:
    at, size = rng.randrange(len(content)), rng.choice((1, 8, 64, 4096))
    content[at : at + size] = rng.randbytes(size)
    return content


def _zeros(content: bytearray, rng: random.Random) -> bytearray:
    at, size = rng.randrange(len(content)), rng.choice((8, 512, 4096))
    content[at : at + size] = bytes(min(size, len(content) - at))
    return content


def _twice(content: bytearray, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return bytes(content[:at] + content[at // 2 :])


MUTATIONS |= {
    "bits flipped": _bytes(_flip),
    "a random block": _bytes(_random_block),
    "a block of zeros": _bytes(_zeros),
    "a block twice": _bytes(_twice),
    "cut anywhere": _bytes(lambda content, rng: content[: rng.randrange(len(content))]),
    "emptied": _bytes(lambda content, rng: b""),
    "junk appended": _bytes(lambda content, rng: content + rng.randbytes(rng.choice((1, 7, 8, 1000)))),
}


@mutation
def deleted(run_dir: Path, rng: random.Random) -> set[str]:
    path = any_file(run_dir, rng)
    path.unlink()
    return {path.relative_to(run_dir).as_posix()}


@mutation
def two_files_swapped(run_dir: Path, rng: random.Random) -> set[str]:
    one, other = any_file(run_dir, rng), any_file(run_dir, rng)
    ours, theirs = one.read_bytes(), other.read_bytes()
    return _written(run_dir, one, theirs) | _written(run_dir, other, ours)


@mutation
def no_file_in_its_place(run_dir: Path, rng: random.Random) -> set[str]:
    path = any_file(run_dir, rng)
    path.unlink()
    makers: list[Callable[[Path], object]] = [Path.mkdir, os.mkfifo]
    for target in ("/dev/zero", "/dev/full", "/nonexistent", path.name, "/etc/passwd", "..", "/proc/self/mem"):
        makers.append(lambda place, target=target: place.symlink_to(target))  # type: ignore[misc]
    rng.choice(makers)(path)
    return {path.relative_to(run_dir).as_posix()}


@mutation
def an_odd_name(run_dir: Path, rng: random.Random) -> set[str]:
    path = any_file(run_dir, rng)
    names = ["²", "٣", "-1", "99999999999999999999", "0007", "\x07", "x" * 200, os.fsdecode(b"\xff")]
    new = path.with_name(f"{rng.choice(names)}{path.suffix}")
    path.rename(new)
    return {path.relative_to(run_dir).as_posix(), "name"}


@mutation
def odd_values_in_the_manifest(run_dir: Path, rng: random.Random) -> set[str]:
    path = one_of(run_dir, "run.json", "run.json", rng)
    content = json.loads(path.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 5))):
        places = list(_places(content))
        holder, key = rng.choice(places)
        holder[key] = rng.choice(ODD_VALUES)
    return _written(run_dir, path, json.dumps(content).encode())


def _places(value: Any) -> list[tuple[Any, Any]]:
    places, stack = [], [value]
    while stack and len(places) < 5_000:
        holder = stack.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        places += [(holder, key) for key in keys]
        stack += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return places


@mutation
def odd_events(run_dir: Path, rng: random.Random) -> set[str]:
    kinds = ("started", "resumed", "ended", "fault", "checkpoint", "monitor_error", "fitted_briefly", "stop", "")
    fields = (
        "step",
        "time",
        "host",
        "pid",
        "process_created",
        "reason",
        "why",
        "models",
        "batches",
        "left_out",
        "lost_rows",
    )
    lines = []
    for _ in range(rng.choice((1, 3, 30))):
        chosen = rng.sample(fields, rng.randint(0, 5))
        lines.append(json.dumps({"kind": rng.choice(kinds), **{name: rng.choice(ODD_VALUES) for name in chosen}}))
    path = one_of(run_dir, "events.jsonl", "events.jsonl", rng)
    before = path.read_bytes() if rng.random() < 0.7 else b""
    return _written(run_dir, path, before + "\n".join(lines).encode() + rng.choice((b"", b"\n")))


@mutation
def an_odd_segment(run_dir: Path, rng: random.Random) -> set[str]:
    steps = rng.choice(([1, 2, 3], [3, 2, 1], [5, 5, 5], [2**63 - 1, 0, 1], [-1, -2, -3], [10**12, 10**11, 7]))
    names = rng.sample(["d_loss", "g_loss", "sample_std", "d_auc", "x" * 600, "", "time", "step", "\x1b", "a/b/c"], 4)
    fields, columns = [("step", pa.int64())], [pa.array(steps)]
    for name in names:
        kind = rng.choice((pa.float64(), pa.float64(), pa.float64(), pa.float32(), pa.string(), pa.list_(pa.int8())))
        values: list[Any] = [rng.choice(ODD_NUMBERS) for _ in steps]
        fields.append((name, kind))
        columns.append(pa.array(values, kind) if pa.types.is_floating(kind) else pa.nulls(len(steps), kind))
    schema, sink = pa.schema(fields), io.BytesIO()
    codec = rng.choice((None, None, None, "zstd"))
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as stream:
        stream.write_batch(pa.record_batch(columns, schema=schema))
    folder = rng.choice([path.parent for path in files_of(run_dir, "*.arrows")] or [run_dir / "signals"])
    folder.mkdir(exist_ok=True)
    _written(run_dir, folder / rng.choice(("0000.arrows", "0001.arrows", "0042.arrows")), sink.getvalue())
    return {"added"}


@mutation
def odd_arrays(run_dir: Path, rng: random.Random) -> set[str]:
    shapes = ((0, 8, 8, 1), (1, 1, 1, 1), (16, 8, 8, 3), (4, 0, 8, 1), (2, 3), (1, 2, 3), (), (3, 5000, 2, 2))
    dtypes = (np.uint8, np.uint8, np.float32, np.float32, np.int64, np.complex128, "S5", "M8[s]")
    array = np.zeros(rng.choice(shapes), rng.choice(dtypes))
    if array.dtype == np.float32 and array.size:
        array.flat[0] = rng.choice((np.nan, np.inf, 1e30, 0.0))
    path = one_of(run_dir, "*.npz", "samples/000001.npz", rng)
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(
        path, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    ) as archive:
        for key in rng.sample(("fakes", "reals", "values", "../x"), 3):
            content = io.BytesIO()
            np.save(content, array)
            header = content.getvalue()
            archive.writestr(f"{key}.npy", header if rng.random() < 0.8 else header[:60] + rng.randbytes(70))
    return {path.relative_to(run_dir).as_posix()}


@mutation
def odd_pictures(run_dir: Path, rng: random.Random) -> set[str]:
    path = one_of(run_dir, "*.png", "samples/000001.png", rng)
    path.parent.mkdir(exist_ok=True)
    size = rng.choice(((1, 1), (2**31 - 1, 2**31 - 1), (30_000, 30_000), (0, 0)))
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"".join(side.to_bytes(4, "big") for side in size)
    return _written(run_dir, path, header + bytes([8, 0, 0, 0, 0]) + rng.randbytes(rng.choice((4, 400))))
