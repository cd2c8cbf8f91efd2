"""A finished run is judged at its end and as it stood at every look before."""

import json

import pytest

from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.judge import judge, read_judgements, version, write_judgements
from gandoctor.experiments.benchmark.run_files import RunFiles
from gandoctor.store import Manifest, RunWriter, load_run
from support.benchmark_judgements import planned

NAN_FROM = 120


@pytest.fixture
def files(tmp_path):
    files = RunFiles(tmp_path)
    writer = RunWriter(files.run_dir, Manifest(planned_steps=200, loss_family="non_saturating"))
    for step in range(1, 201):
        writer.record(step, {"d_loss": float("nan") if step >= NAN_FROM else 0.6, "g_loss": 0.7})
    writer.close("completed")
    files.finish("completed", 1.0)
    files.keep_oracle({"finite": 1.0})
    return files


def test_an_earlier_state_knows_nothing_of_what_came_later(files):
    run = load_run(files.run_dir)
    earlier = run.until(100)
    assert (earlier.last_step, len(earlier.signals), earlier["d_loss"].isna().any()) == (100, 100, False)
    assert earlier.state == "running"
    assert (run.last_step, run.state, len(run.signals)) == (200, "completed", 200)


def test_alarms_are_dated_by_the_look_that_saw_them(files):
    judged = judge(planned("a"), files)
    assert judged["alarms"] == {"GD001": 150}
    assert judged["false_start"] == []
    assert judged["looks"] == 4
    assert judged["oracle"] == {"finite": 1.0}
    assert json.loads(json.dumps(judged, allow_nan=False)) == judged


def test_looks_before_the_onset_are_kept_apart(files):
    judged = judge(planned("a", "mechanistic", onset=150), files)
    assert judged["false_start"] == ["GD001"]
    judged = judge(planned("a", "mechanistic", onset=100), files)
    assert (judged["false_start"], judged["alarms"]) == ([], {"GD001": 150})


def test_a_failed_run_says_why(tmp_path):
    files = RunFiles(tmp_path)
    files.finish("failed", 2.0, "MemoryError: no")
    assert judge(planned("a"), files) == {
        "id": "a",
        "outcome": "failed",
        "error": "MemoryError: no",
        "seconds": 2.0,
    }


def test_a_run_directory_that_cannot_be_read_is_a_failed_run(tmp_path):
    files = RunFiles(tmp_path)
    files.finish("completed", 2.0)
    assert judge(planned("a"), files)["outcome"] == "failed"


def test_marks_of_another_plan_do_not_count(tmp_path):
    RunFiles(tmp_path, "one").finish("completed", 1.0)
    assert RunFiles(tmp_path, "one").trained is not None
    assert RunFiles(tmp_path, "two").trained is None
    (tmp_path / "trained.json").write_text('{"outcome": "completed", "error": null, "seconds": 1.0}')
    assert RunFiles(tmp_path, "one").trained is None  # of a version that did not say: nobody knows of how many steps


def test_judgements_survive_their_file(tmp_path):
    path = tmp_path / "test.jsonl"
    assert read_judgements(path) == {}
    write_judgements(path, [{"id": "a", "steps": 3}, {"id": "b"}])
    assert read_judgements(path) == {"a": {"id": "a", "steps": 3}, "b": {"id": "b"}}
    path.write_text('{"id": "a"}\n{"i', encoding="utf-8")
    with pytest.raises(GandoctorError, match="is damaged"):
        read_judgements(path)


def test_the_version_follows_the_limits(monkeypatch):
    before = version()
    monkeypatch.setattr("gandoctor.experiments.benchmark.judge.all_rules", tuple)
    assert version()["limits"] != before["limits"]
    assert version()["rules"] == before["rules"]
