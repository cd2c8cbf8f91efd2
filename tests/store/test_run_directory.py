"""The run directory: what is written is read back, whatever happens to it in between."""

from __future__ import annotations

import json
import math
import os
import pickle
import signal
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.store import DataCard, Manifest, RunWriter, load_run
from gandoctor.store.segments import SegmentReader, SegmentWriter


def images(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest(planned_steps=6, loss_family="non_saturating"))
    for step in range(1, 7):
        writer.record(step, {"d_loss": 1.0 / step, "sample_std": step / 10 if step % 2 == 0 else None})
        writer.flush()
    writer.close("completed")
    return path


def first_segment(path: Path) -> Path:
    return path / "signals" / "0000.arrows"


def test_series_hold_the_recorded_steps_only(finished: Path) -> None:
    run = load_run(finished)
    assert run["d_loss"].to_dict() == {s: 1.0 / s for s in range(1, 7)}
    assert run["sample_std"].to_dict() == {2: 0.2, 4: 0.4, 6: 0.6}
    assert run.signals["sample_std"].isna().tolist() == [True, False] * 3
    assert run.state == "completed"
    assert run.gaps == []


def test_a_family_is_its_members_that_were_recorded(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"g_layer_grad_norm/dense": 0.5, "g_layer_grad_norm/block/conv": None, "g_grad_norm": 1.0})
    writer.record(2, {"g_layer_grad_norm/dense": 0.25, "g_layer_update_ratio/dense": 1e-3})
    writer.record(3, {"g_layer_grad_norm/block/conv2": 0.125})
    writer.close("completed")
    run = load_run(tmp_path / "run")
    found = {member: series.to_dict() for member, series in run.family("g_layer_grad_norm").items()}
    assert found == {"dense": {1: 0.5, 2: 0.25}, "block/conv2": {3: 0.125}}
    assert run.family("d_layer_grad_norm") == {}


def test_nan_is_not_absence(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"d_loss": math.nan, "g_loss": None})
    writer.record(2, {"d_loss": math.inf, "g_loss": 1.0})
    writer.close("completed")
    run = load_run(tmp_path / "run")
    assert math.isnan(run["d_loss"][1])
    assert run["d_loss"][2] == math.inf
    assert run["g_loss"].index.tolist() == [2]
    assert run.signals["d_loss"].isna().tolist() == [False, False]


def test_a_signal_never_recorded_is_absent_and_the_error_lists_the_others(finished: Path) -> None:
    run = load_run(finished)
    assert "g_loss" not in run
    with pytest.raises(KeyError, match=r"g_loss.*d_loss, sample_std"):
        run["g_loss"]


def test_a_new_signal_mid_run_opens_a_new_segment(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"d_loss": 1.0})
    writer.flush()
    writer.record(2, {"extra": 5.0})
    writer.flush()
    writer.record(3, {"d_loss": 3.0})
    writer.close("completed")
    run = load_run(tmp_path / "run")
    assert run["d_loss"].to_dict() == {1: 1.0, 3: 3.0}
    assert run["extra"].to_dict() == {2: 5.0}
    assert len(list((tmp_path / "run" / "signals").iterdir())) == 2


def test_rows_of_every_step_do_not_carry_the_columns_of_probes(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    for step in range(1, 1_001):
        probe = {f"g_layer_grad_norm/{i}": 1.0 for i in range(100)} if step % 100 == 0 else {"sample_std": None}
        writer.record(step, {"d_loss": float(step), "own": 1.0, **probe})
    writer.close("completed")
    assert sum(file.stat().st_size for file in (tmp_path / "run" / "signals").iterdir()) < 100_000
    run = load_run(tmp_path / "run")
    assert run["d_loss"].index.tolist() == run["own"].index.tolist() == list(range(1, 1_001))
    assert run["d_loss"].tolist() == list(range(1, 1_001))
    assert run["g_layer_grad_norm/99"].index.tolist() == list(range(100, 1_001, 100))
    assert run.signals.index.tolist() == list(range(1, 1_001))
    assert run.last_step == 1_000


def test_a_full_disk_at_the_second_of_two_segments_repeats_no_row_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    write = SegmentWriter.write

    def no_room_for_probes(self: SegmentWriter, rows: Sequence[Mapping[str, float | None]]) -> None:
        if "sample_std" in self.names:
            raise OSError(28, "No space left on device")
        write(self, rows)

    monkeypatch.setattr(SegmentWriter, "write", no_room_for_probes)
    writer.record(1, {"d_loss": 1.0})
    writer.record(2, {"d_loss": 2.0, "sample_std": 0.5})
    with pytest.raises(OSError, match="No space"):
        writer.flush()
    assert load_run(tmp_path / "run")["d_loss"].to_dict() == {1: 1.0}
    monkeypatch.setattr(SegmentWriter, "write", write)
    writer.close("completed")
    assert load_run(tmp_path / "run")["d_loss"].to_dict() == {1: 1.0, 2: 2.0}
    assert (
        sum(
            len(batch)
            for file in writer.path.glob("signals/*")
            for batch in SegmentReader(writer.path, file).read_new()
        )
        == 2
    )


def test_rows_of_one_step_merge_and_the_later_value_counts(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"d_loss": 1.0, "g_loss": math.nan})
    writer.record(2, {"d_loss": 2.0})
    writer.record(1, {"d_loss": 10.0, "sample_std": 0.5})
    writer.close("completed")
    run = load_run(tmp_path / "run")
    assert run["d_loss"].to_dict() == {1: 10.0, 2: 2.0}
    assert run["sample_std"].to_dict() == {1: 0.5}
    assert math.isnan(run["g_loss"][1])


def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    run = load_run(tmp_path / "run")
    assert run.last_step == 0
    assert run.state == "running"
    writer.record(1, {"d_loss": 1.0})
    writer.flush()
    assert run.refresh()
    assert not run.refresh()
    writer.record(2, {"d_loss": 2.0})
    writer.close("stopped")
    assert run.refresh()
    assert run["d_loss"].tolist() == [1.0, 2.0]
    assert run.state == "completed"


@pytest.mark.parametrize(
    ("reason", "state"), [("completed", "completed"), ("interrupted", "interrupted"), ("crashed", "crashed")]
)
def test_state_is_what_the_end_says(tmp_path: Path, reason: str, state: str) -> None:
    RunWriter(tmp_path / "run", Manifest()).close(reason)
    assert load_run(tmp_path / "run").state == state


def test_resuming_appends_and_a_second_run_is_refused(finished: Path) -> None:
    with pytest.raises(GandoctorError, match="already holds a run"):
        RunWriter(finished, Manifest())
    writer = RunWriter(finished, Manifest(), resume=True)
    assert writer.last_step == 6
    writer.record(7, {"d_loss": 7.0})
    writer.close("completed")
    run = load_run(finished)
    assert run["d_loss"].index.tolist() == list(range(1, 8))
    assert [e.kind for e in run.events] == ["started", "ended", "resumed", "ended"]


def test_a_live_run_cannot_be_resumed(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run", Manifest())
    with pytest.raises(GandoctorError, match="still running"):
        RunWriter(tmp_path / "run", Manifest(), resume=True)


def test_cutting_a_segment_anywhere_loses_the_torn_batch_only(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    for step in range(1, 7):
        writer.record(step, {"d_loss": 1.0 / step, "g_loss": 1.0})
        writer.flush()
    writer.close("completed")
    segment = first_segment(writer.path)
    whole = segment.read_bytes()
    seen = set()
    for length in range(len(whole) + 1):
        segment.write_bytes(whole[:length])
        reader = SegmentReader(segment.parent, segment)
        steps = [step for batch in reader.read_new() for step in batch["step"].to_pylist()]
        assert steps == list(range(1, len(steps) + 1))
        assert reader.damage is None
        if len(steps) not in seen:  # the run as a whole, at its first cut behind each batch
            run = load_run(writer.path)
            assert steps == (run["d_loss"].index.tolist() if "d_loss" in run else [])
            assert not any("unreadable" in str(gap) for gap in run.gaps)
        seen.add(len(steps))
    assert seen == set(range(7))


@settings(max_examples=150)
@given(data=st.data())
def test_damage_in_a_segment_becomes_a_gap_never_a_traceback(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "run"
    writer = RunWriter(path, Manifest())
    for step in range(1, 5):
        writer.record(step, {"d_loss": float(step)})
        writer.flush()
    writer.close("completed")
    segment = first_segment(path)
    content = bytearray(segment.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    segment.write_bytes(bytes(content))
    run = load_run(path)
    assert isinstance(run.signals, pd.DataFrame)
    assert all(isinstance(gap, Message) for gap in run.gaps)


def test_a_full_disk_loses_nothing_once_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"d_loss": 1.0})
    writer.flush()
    write = SegmentWriter.write

    def half_a_batch(self: SegmentWriter, rows: object) -> None:
        self._file.write(b"\xff\xff\xff\xff half a batch")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SegmentWriter, "write", half_a_batch)
    writer.record(2, {"d_loss": 2.0})
    with pytest.raises(OSError, match="No space"):
        writer.flush()
    monkeypatch.setattr(SegmentWriter, "write", write)
    writer.record(3, {"d_loss": 3.0})
    writer.close("completed")
    assert load_run(tmp_path / "run")["d_loss"].to_dict() == {1: 1.0, 2: 2.0, 3: 3.0}


def test_a_file_that_is_no_segment_is_named(finished: Path) -> None:
    (finished / "signals" / "0009.arrows").write_bytes(b"not arrow data at all")
    run = load_run(finished)
    assert run["d_loss"].index.tolist() == list(range(1, 7))
    assert any("0009.arrows" in str(gap) for gap in run.gaps)


def test_a_row_without_a_step_is_damage(finished: Path) -> None:
    schema = pa.schema([("step", pa.int64()), ("d_loss", pa.float64())])
    with pa.ipc.new_stream(finished / "signals" / "0009.arrows", schema) as stream:
        stream.write_batch(pa.record_batch([pa.array([None], pa.int64()), pa.array([9.0])], schema=schema))
    run = load_run(finished)
    assert run["d_loss"].index.tolist() == list(range(1, 7))
    assert any("a row has no step" in str(gap) for gap in run.gaps)


def test_killed_with_sigkill_the_run_opens_and_is_interrupted(tmp_path: Path) -> None:
    script = f"""
import sys, time
from gandoctor.store import Manifest, RunWriter
writer = RunWriter({str(tmp_path / "run")!r}, Manifest(planned_steps=1000))
for step in range(1, 51):
    writer.record(step, {{"d_loss": 1.0}})
writer.flush()
print("ready", flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        run = load_run(tmp_path / "run")
        assert run.state == "running"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    run.refresh()
    assert run.state == "interrupted"
    assert run.last_step == 50


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ("[1, 2]", "schema None"),
        ('{"schema": "gandoctor.run/9"}', "gandoctor.run/9"),
        ('{"schema": "gandoctor.run/1", "planned_steps": "many"}', "planned_steps"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_an_unusable_manifest_is_one_clear_error(finished: Path, content: str, message: str) -> None:
    (finished / "run.json").write_text(content)
    with pytest.raises(GandoctorError, match=message):
        load_run(finished)


def test_what_is_no_run_directory_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match=r"has no run\.json"):
        load_run(tmp_path)
    with pytest.raises(GandoctorError, match="not a directory"):
        load_run(tmp_path / "nowhere")


def test_damaged_events_are_named_and_the_others_read(finished: Path) -> None:
    log = finished / "events.jsonl"
    lines = log.read_text().splitlines()
    log.write_text("\n".join([lines[0], "{broken", json.dumps({"no": "kind"}), lines[1], '{"kind": "torn']))
    run = load_run(finished)
    assert [e.kind for e in run.events] == ["started", "ended"]
    assert len([g for g in run.gaps if "events.jsonl" in str(g)]) == 2


def test_samples_come_back_and_the_sheet_is_a_png(finished: Path) -> None:
    writer = RunWriter(finished, Manifest(), resume=True)
    writer.samples(500, images(16), images(8, seed=1))
    writer.reals(images(20))
    run = load_run(finished)
    (sheet,) = run.sheets
    assert sheet.step == 500
    assert np.array_equal(sheet.fakes(), images(16))
    assert np.array_equal(run.reals, images(20))
    assert (sheet.png() or b"").startswith(b"\x89PNG")


def test_hostile_sample_files_are_not_opened(finished: Path) -> None:
    folder = finished / "samples"
    with zipfile.ZipFile(folder / "reals.npz", "w") as archive:
        archive.writestr("reals.npy", pickle.dumps("anything"))
    (folder / "000001.png").write_text("<script>alert(1)</script>")
    np.savez(folder / "000001.npz", fakes=np.array([object()], dtype=object))
    run = load_run(finished)
    assert run.reals is None
    assert run.sheets[0].png() is None
    assert run.sheets[0].fakes() is None


def test_an_unwritable_directory_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GandoctorError, match="cannot be written"):
        RunWriter(tmp_path / "file" / "run", Manifest())


def test_a_manifest_with_broken_unicode_is_read_back(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run", Manifest(config={"data": "caf\udce9"})).close("completed")
    assert load_run(tmp_path / "run").manifest.config == {"data": "caf\udce9"}


def test_a_manifest_with_nan_is_read_back(tmp_path: Path) -> None:
    card = DataCard(
        shape=(8, 8, 1), dtype="float32", minimum=0.0, maximum=math.inf, mean=math.nan, std=1.0, probe_count=5
    )
    RunWriter(tmp_path / "run", Manifest(data=card)).close("completed")
    data = load_run(tmp_path / "run").manifest.data
    assert data is not None
    assert math.isnan(data.mean)
    assert data.maximum == math.inf


def test_reals_written_after_the_run_was_opened_are_found(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    run = load_run(tmp_path / "run")
    assert run.reals is None
    writer.reals(images(20))
    assert np.array_equal(run.reals, images(20))


@pytest.mark.parametrize("name", ["step", "time", "", "a\x07b", "\ud800"])
def test_a_name_that_no_signal_can_have_is_refused_and_costs_no_row(tmp_path: Path, name: str) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    for step in range(1, 11):
        writer.record(step, {"d_loss": 0.5})
        with pytest.raises(ValueError, match="cannot name a signal"):
            writer.record(step, {"d_loss": 0.7, name: 3.0})
    writer.close("completed")
    assert load_run(writer.path)["d_loss"].to_dict() == dict.fromkeys(range(1, 11), 0.5)


@pytest.mark.parametrize("value", ["0.7", b"1", [1.0, 2.0]])
def test_a_value_that_is_no_number_is_refused_and_costs_no_row(tmp_path: Path, value: Any) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"d_loss": 0.5})
    with pytest.raises(TypeError):
        writer.record(2, {"d_loss": value})
    writer.record(3, {"d_loss": 0.5})
    writer.close("completed")
    assert list(load_run(writer.path)["d_loss"].index) == [1, 3]


def test_the_end_says_what_was_left_out_and_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    monkeypatch.setattr("gandoctor.store.writer.ROWS_KEPT_AFTER_FAILURE", 3)
    write = SegmentWriter.write
    monkeypatch.setattr(SegmentWriter, "write", full)
    for step in range(1, 6):
        writer.record(step, {"d_loss": 0.5})
    with pytest.raises(OSError, match="No space"):
        writer.flush()
    monkeypatch.setattr(SegmentWriter, "write", write)
    writer.close("completed", left_out={"note": 5})
    run = load_run(writer.path)
    assert list(run["d_loss"].index) == [3, 4, 5]
    (lost,) = run.lost
    assert lost.facts["rows"] == 2
    assert any(gap.facts == {"name": "note", "count": 5} for gap in run.gaps)


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_torn_last_event_costs_itself_and_a_resumed_run_is_live(tmp_path: Path) -> None:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest())
    writer.record(1, {"d_loss": 1.0})
    writer.flush()
    events = path / "events.jsonl"
    events.write_text(events.read_text().replace(f'"pid": {os.getpid()}', '"pid": 999999') + '{"kind": "monitor_er')
    resumed = RunWriter(path, Manifest(), resume=True)
    run = load_run(path)
    assert run.state == "running"
    assert [event.kind for event in run.events] == ["started", "resumed"]
    assert [gap.facts for gap in run.gaps] == [{"file": "events.jsonl", "number": 2}]
    with pytest.raises(GandoctorError, match="still running"):
        RunWriter(path, Manifest(), resume=True)
    resumed.close("completed")


@pytest.mark.parametrize("name", ["²", "٣", "-1", "1e3", "9" * 40])
def test_an_odd_name_among_the_segments_breaks_no_resume(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run"
    writer = RunWriter(path, Manifest())
    writer.record(1, {"d_loss": 1.0})
    writer.close("completed")
    (path / "signals" / f"{name}.arrows").write_bytes(b"")
    writer = RunWriter(path, Manifest(), resume=True)
    writer.record(2, {"d_loss": 2.0})
    writer.close("completed")
    assert load_run(path)["d_loss"].to_dict() == {1: 1.0, 2: 2.0}


@pytest.mark.skipif(sys.platform == "win32", reason="a lock of POSIX")
@pytest.mark.parametrize("resume", [False, True])
def test_of_writers_that_begin_at_once_one_is_admitted(tmp_path: Path, resume: bool) -> None:
    path = tmp_path / "run"
    if resume:
        RunWriter(path, Manifest()).close("interrupted")
    program = (
        "import sys, time\n"
        "from gandoctor.store import Manifest, RunWriter\n"
        "sys.stdin.readline()\n"
        "try:\n    RunWriter(sys.argv[1], Manifest(), resume=sys.argv[2] == 'True')\n"
        "except Exception as error:\n    print(type(error).__name__, flush=True)\n"
        "else:\n    print('admitted', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    command = [sys.executable, "-c", program, str(path), str(resume)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = sorted(child.stdout.readline().strip() for child in children if child.stdout is not None)
    for child in children:
        child.communicate("end\n")
    assert told == ["NotWritable", "NotWritable", "NotWritable", "admitted"]
