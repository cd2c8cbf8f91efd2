"""Losses: whatever of a recording is gone is named, and the run is not called healthy."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gandoctor.cli.text import diagnosis_lines
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.report import render_html, render_markdown
from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.watch.canvas import Canvas
from gandoctor.watch.follow import Follower
from gandoctor.watch.frame import draw_frame
from gandoctor.watch.lines import LinesView

Damage = Callable[[Path], object]


def images(n: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A completed run of three segments, with samples."""
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest(planned_steps=30))
    for step in range(1, 31):
        writer.record(step, {"d_loss": 1.0 / step} | ({"g_loss": 1.0} if step > 10 else {}))
        if step in (10, 20):
            writer.flush()
    writer.record(30, {"sample_std": 0.5})
    writer.samples(30, images())
    writer.reals(images())
    writer.close("completed")
    return path


def of_an_earlier_version(path: Path) -> Path:
    """Take out of the manifest what earlier versions did not write."""
    content = json.loads((path / "run.json").read_text())
    del content["files"]
    (path / "run.json").write_text(json.dumps(content))
    return path


def segment(path: Path, number: int = 0) -> Path:
    return path / "signals" / f"{number:04d}.arrows"


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


def without_its_last_batch(path: Path) -> None:
    """Cut a stream between two batches, where nothing of it is torn."""
    content = path.read_bytes()
    cut(path, content.rindex(b"\xff\xff\xff\xff", 0, len(content) - 8))


DAMAGES: dict[str, Damage] = {
    "emptied": lambda path: cut(segment(path), 0),
    "eight bytes": lambda path: cut(segment(path), 8),
    "deleted": lambda path: segment(path).unlink(),
    "the last one deleted": lambda path: segment(path, 2).unlink(),
    "all deleted": lambda path: [file.unlink() for file in (path / "signals").iterdir()],
    "cut between batches": lambda path: without_its_last_batch(segment(path, 1)),
    "a flipped bit in a value": lambda path: flip(segment(path), -40),
    "reals emptied": lambda path: cut(path / "samples/reals.npz", 0),
    "reals deleted": lambda path: (path / "samples/reals.npz").unlink(),
    "a sheet deleted": lambda path: (path / "samples/000030.png").unlink(),
    "arrays flipped": lambda path: flip(path / "samples/000030.npz", 90),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_loss_is_named_and_never_healthy(run_dir: Path, damage: Damage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Diagnosis, "not_looked_at", ())  # so that nothing else keeps the verdict from healthy
    assert load_run(run_dir).gaps == []
    assert diagnose(run_dir, rules=[]).verdict == "healthy"
    damage(run_dir)
    run = load_run(run_dir)
    assert run.lost
    assert set(run.lost) <= set(run.gaps)
    diagnosis = diagnose(run, rules=[])
    assert diagnosis.verdict == "inconclusive"
    assert str(run.lost[0]) in str(diagnosis.sentence)
    assert str(run.lost[0]) in diagnosis.to_dict()["run"]["gaps"]


@pytest.mark.parametrize("which", ["emptied", "eight bytes", "deleted", "cut between batches", "reals emptied"])
def test_a_run_of_an_earlier_version_shows_what_it_can(run_dir: Path, which: str) -> None:
    of_an_earlier_version(run_dir)
    assert load_run(run_dir).gaps == []
    if which == "cut between batches":
        without_its_last_batch(segment(run_dir, 2))
    else:
        DAMAGES[which](run_dir)
    assert load_run(run_dir).lost


def test_every_view_names_a_loss(run_dir: Path) -> None:
    segment(run_dir, 1).unlink()
    diagnosis = diagnose(run_dir)
    said = str(load_run(run_dir).lost[0])
    lines: list[str] = []
    snapshot = Follower(run_dir, time.time).look(last=True)
    assert snapshot is not None
    LinesView(lines.append, time.time).show(snapshot, None)
    views = {
        "text": "\n".join(line.plain for _, line in diagnosis_lines(diagnosis)),
        "json": diagnosis.to_json(),
        "notebook": diagnosis._repr_html_(),
        "page": render_html(diagnosis),
        "markdown": render_markdown(diagnosis).replace("\\", ""),
        "frame": draw_frame(snapshot, None, Canvas(120, 40)).plain,
        "lines": "\n".join(lines),
    }
    assert [name for name, view in views.items() if said not in view] == []


def test_how_much_is_lost_is_counted(run_dir: Path) -> None:
    segment(run_dir).unlink()
    without_its_last_batch(segment(run_dir, 1))
    missing, early = load_run(run_dir).lost
    assert missing.facts == {"file": "0000.arrows", "rows": 10}
    assert early.facts == {"file": "0001.arrows", "lost": 10, "rows": 20}


def test_a_killed_run_has_lost_nothing_but_its_end(tmp_path: Path) -> None:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest())
    for step in range(1, 9):
        writer.record(step, {"d_loss": 1.0})
        writer.flush()
    cut(segment(path), segment(path).stat().st_size - 9)
    events = path / "events.jsonl"
    events.write_text(events.read_text().replace(f'"pid": {os.getpid()}', '"pid": 999999'))
    run = load_run(path)
    assert run.state == "interrupted"
    assert run.last_step == 7
    assert len(run.gaps) == 1
    assert run.lost == []


def test_a_loss_outlives_a_resume(run_dir: Path) -> None:
    without_its_last_batch(segment(run_dir, 1))
    segment(run_dir, 2).unlink()
    before = load_run(run_dir).lost
    writer = RunWriter(run_dir, Manifest(), resume=True)
    writer.record(31, {"d_loss": 1.0})
    writer.close("completed")
    assert not segment(run_dir, 2).exists()  # its number is not taken again
    assert load_run(run_dir).lost == before


def test_a_run_of_an_earlier_version_is_counted_from_its_resume_on(run_dir: Path) -> None:
    of_an_earlier_version(run_dir)
    writer = RunWriter(run_dir, Manifest(), resume=True)
    writer.record(31, {"d_loss": 1.0})
    writer.close("completed")
    assert load_run(run_dir).gaps == []
    segment(run_dir, 2).unlink()
    (run_dir / "samples/reals.npz").unlink()
    assert len(load_run(run_dir).lost) == 2


def test_a_live_run_that_is_written_has_lost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest())
    run = load_run(path)
    for step in range(1, 20):
        writer.record(step, {"d_loss": 1.0} | ({"sample_std": 1.0} if step % 3 == 0 else {}))
        writer.samples(step // 4, images(2))
        writer.flush()
        run.refresh()
        assert run.gaps == []
        if step % 5 == 0:
            writer.write_manifest()
    writer.close("completed")
    run.refresh()
    assert run.gaps == []
