"""Hostile files: nothing in a run directory is waited for, followed out of it, or read beyond what a run writes."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gandoctor.diagnosis import diagnose
from gandoctor.errors import GandoctorError, NotARun
from gandoctor.report import render_html, write_text
from gandoctor.store import Manifest, Run, RunWriter, load_run
from gandoctor.store.events import LINES_NAMED

EVERY_FILE = (
    "run.json",
    "events.jsonl",
    "signals/0000.arrows",
    "signals/0001.arrows",
    "samples/reals.npz",
    "samples/000030.png",
    "samples/000030.npz",
    "samples/000031.png",
)


def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest(planned_steps=100))
    for step in range(1, 31):
        writer.record(step, {"d_loss": 1.0 / step, "g_loss": 1.0})
    writer.samples(30, images())
    writer.reals(images())
    writer.close("completed")
    return path


@contextmanager
def limits(seconds: int, memory: int = 1 << 30) -> Iterator[None]:
    """Fail what takes longer, or more memory than the process had before."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"{seconds} s have passed")

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, before[1]))
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, before)


def read_all(path: Path) -> Run:
    """Read everything that a view reads."""
    run = load_run(path)
    assert run.state
    render_html(diagnose(run))
    for sheet in run.sheets:
        sheet.png()
        sheet.fakes()
    return run


@pytest.mark.parametrize("name", EVERY_FILE)
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir])
def test_what_is_no_file_is_named_and_not_waited_for(run_dir: Path, name: str, make: Callable[[Path], object]) -> None:
    path = run_dir / name
    path.unlink(missing_ok=True)
    make(path)
    with limits(30):
        if name == "run.json":
            with pytest.raises(NotARun, match="cannot be read"):
                load_run(run_dir)
        else:
            run = read_all(run_dir)
            assert run.gaps or name == "samples/000031.png"


def test_newlines_are_no_events(run_dir: Path) -> None:
    (run_dir / "events.jsonl").write_bytes(b"\n" * 2_000_000)
    with limits(10, memory=200 << 20):
        run = load_run(run_dir)
        assert LINES_NAMED < len(run.gaps) < LINES_NAMED + 5
        assert any(gap.facts.get("number") == 100_000 for gap in run.gaps)


def test_an_event_log_is_read_on_where_reading_stopped(run_dir: Path) -> None:
    run = load_run(run_dir)
    with (run_dir / "events.jsonl").open("a") as file:
        file.write('{"kind": "checkpoint", "step": 3}\n{"kind": "check')
    run.refresh()
    assert [event.kind for event in run.events] == ["started", "ended", "checkpoint"]
    with (run_dir / "events.jsonl").open("a") as file:
        file.write('point", "step": 4}\n')
    run.refresh()
    assert [event.step for event in run.events] == [0, 30, 3, 4]


def test_a_segment_of_zeros_that_claims_gigabytes_is_not_read(run_dir: Path) -> None:
    path = run_dir / "signals/0001.arrows"
    path.write_bytes(struct.pack("<Ii", 0xFFFFFFFF, 2**31 - 1))
    os.truncate(path, 2200 << 20)
    with limits(10, memory=200 << 20):
        assert load_run(run_dir).gaps


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_a_compressed_segment_is_not_unpacked(run_dir: Path, codec: str) -> None:
    schema, rows = pa.schema([("step", pa.int64())]), np.zeros(20_000_000, np.int64)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as stream:
        stream.write_batch(pa.record_batch([rows], schema=schema))
    (run_dir / "signals/0001.arrows").write_bytes(sink.getvalue())
    del rows
    with limits(10, memory=100 << 20):
        (gap,) = load_run(run_dir).gaps
    assert "compressed" in str(gap)


def test_an_archive_of_many_entries_or_a_large_array_is_not_unpacked(run_dir: Path) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (1, 2**15, 2**15, 1)}
    with (
        zipfile.ZipFile(run_dir / "samples/000030.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("fakes.npy", "w") as member,
    ):
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(1024):
            member.write(bytes(2**20))
    with zipfile.ZipFile(run_dir / "samples/reals.npz", "w") as archive:
        for number in range(5000):
            archive.writestr(f"{number}.npy", b"")
    with limits(10, memory=100 << 20):
        run = load_run(run_dir)
        assert run.sheets[0].fakes() is None
        assert run.reals is None


@pytest.mark.slow
def test_a_manifest_of_eight_megabytes_is_bounded(run_dir: Path) -> None:
    (run_dir / "run.json").write_text(
        json.dumps({"schema": "gandoctor.run/1"})[:-1] + ', "x": [' + "[]," * 2_790_000 + "1]}"
    )
    with limits(20, memory=900 << 20):
        load_run(run_dir)
    with (run_dir / "run.json").open("a") as file:
        file.write(" " * 2**20)
    with pytest.raises(NotARun, match="larger than"):
        load_run(run_dir)


@pytest.mark.parametrize("whole_folder", [False, True])
def test_a_link_out_of_the_directory_is_not_followed(run_dir: Path, whole_folder: bool) -> None:
    private = run_dir.parent / "private"
    (run_dir / "samples").rename(private)
    if whole_folder:
        (run_dir / "samples").symlink_to(private)
    else:
        (run_dir / "samples").mkdir()
        for file in private.iterdir():
            (run_dir / "samples" / file.name).symlink_to(file)
    run = load_run(run_dir)
    (sheet,) = run.sheets
    assert sheet.png() is None
    assert sheet.fakes() is None
    assert run.reals is None
    assert len(run.gaps) >= 3


def test_a_link_within_the_directory_is(run_dir: Path) -> None:
    (run_dir / "samples").rename(run_dir / "elsewhere")
    (run_dir / "samples").symlink_to("elsewhere")
    run = load_run(run_dir)
    assert run.sheets[0].fakes() is not None
    assert run.gaps == []


def test_a_game_that_leads_out_of_the_directory_is_not_read(run_dir: Path) -> None:
    outer = run_dir.parent / "outer"
    (outer / "games").mkdir(parents=True)
    (outer / "games/a").symlink_to(run_dir)
    Manifest(games={"a": "given"}).save(outer)
    with pytest.raises(NotARun, match="leads out"):
        load_run(outer)


def test_a_report_goes_into_a_pipe_and_replaces_none(run_dir: Path) -> None:
    pipe = run_dir.parent / "pipe"
    os.mkfifo(pipe)
    with limits(10), pytest.raises(GandoctorError, match="cannot be written"):
        write_text("nobody reads", pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    with limits(10):
        reader.start()
        while True:
            with suppress(GandoctorError):
                write_text("page" * 50_000, pipe)
                break
        reader.join()
    assert read == [b"page" * 50_000]
    assert pipe.is_fifo()
    write_text("page", Path(os.devnull))
    assert Path(os.devnull).is_char_device()
