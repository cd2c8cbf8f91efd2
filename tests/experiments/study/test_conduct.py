"""A study is conducted: resumed run by run, ended early where nothing is left to hope, in one process or several."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gandoctor.comparison.study import BASE, Arm
from gandoctor.errors import NotWritable, UnusableTarget
from gandoctor.experiments.job import Job
from gandoctor.experiments.study import conduct
from gandoctor.experiments.study.conduct import Task, conducted, run_dir_of
from gandoctor.store import RunWriter, load_run

FAKE = (sys.executable, str(Path(__file__).parents[2] / "support" / "fake_child.py"))
SEEDS = (1, 2)


def tasks(folder: Path, arm: Arm, *settings: str, steps: int = 40, looks: tuple[int, ...] = ()) -> list[Task]:
    def task(seed: int) -> Task:
        run_dir = run_dir_of(folder, arm, seed)
        options = {"settings": list(settings), "steps": steps, "seed": seed}
        words = ["gandoctor", "run", *settings, str(steps), str(seed)]
        job = Job(target="fake:build", run_dir=str(run_dir), options=options, command=words)
        return Task(arm, seed, job, run_dir.parent, folder / "base", SEEDS, looks, FAKE)

    return [task(seed) for seed in SEEDS]


def test_finished_runs_are_not_repeated(tmp_path: Path) -> None:
    every = [*tasks(tmp_path, BASE, "kid=1"), *tasks(tmp_path, Arm("kid", "2"), "kid=2")]
    first = list(conducted(every, 1))
    assert [(one.arm.name, one.seed, one.ending, one.steps) for one in first] == [
        ("base", 1, "finished", 40),
        ("base", 2, "finished", 40),
        ("kid=2", 1, "finished", 40),
        ("kid=2", 2, "finished", 40),
    ]
    created = [load_run(one.run_dir).manifest.created for one in first]
    again = list(conducted(every, 1))
    assert [load_run(one.run_dir).manifest.created for one in again] == created


def test_an_interrupted_run_is_trained_again_and_another_one_is_not_touched(tmp_path: Path) -> None:
    (task, _) = tasks(tmp_path, BASE)
    list(conducted([task], 1))
    left = RunWriter(tmp_path / "left", load_run(task.job.run_dir).manifest)
    left.record(1, {"d_loss": 0.6})
    left.close("interrupted")
    interrupted = replace(task, job=task.job.model_copy(update={"run_dir": str(tmp_path / "left")}))
    (one,) = conducted([interrupted], 1)
    assert (one.ending, one.steps) == ("finished", 40)
    other = replace(task, job=task.job.model_copy(update={"command": ["gandoctor", "run", "other"]}))
    with pytest.raises(NotWritable, match="another training"):
        list(conducted([other], 1))


def test_a_value_that_cannot_be_trained_is_told_of_and_the_base_is_an_error(tmp_path: Path) -> None:
    refused = tasks(tmp_path, Arm("x", "1"), "refuse=x is out of bounds")
    found = list(conducted([*tasks(tmp_path, BASE), *refused], 1))
    assert [(one.ending, one.note) for one in found[2:]] == [("not trained", "x is out of bounds")] * 2
    with pytest.raises(UnusableTarget, match="out of bounds"):
        list(conducted(tasks(tmp_path / "b", BASE, "refuse=x is out of bounds"), 1))


def test_what_is_worse_with_every_seed_ends_at_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first seed of the value has run in full; of the second nothing is left to hope from the look on."""
    monkeypatch.setattr(conduct, "JUDGE_EVERY_S", 0.0)
    monkeypatch.setattr(conduct, "LOOK_EVERY_S", 0.05)
    base = tasks(tmp_path, BASE, "kid=1")
    first, second = tasks(tmp_path, Arm("kid", "9"), "kid=9", looks=(20,))
    list(conducted([*base, first], 1))
    slow = second.job.model_copy(update={"options": {"settings": ["kid=9", "step_ms=100"], "steps": 9_000, "seed": 2}})
    (*_, one) = conducted([*base, replace(second, job=slow)], 1)
    assert one.ending == "ended early"
    assert "at step 20 every seed is worse than every seed of the base" in one.note
    assert one.steps < 9_000
    (*_, again) = conducted([*base, replace(second, job=slow)], 1)
    assert (again.ending, again.steps) == ("ended early", one.steps), "it is not trained again"


@pytest.mark.slow
def test_one_that_is_as_good_with_one_seed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conduct, "JUDGE_EVERY_S", 0.0)
    monkeypatch.setattr(conduct, "LOOK_EVERY_S", 0.05)
    first, _ = tasks(tmp_path, Arm("kid", "9"), "kid=1", looks=(20,))
    _, second = tasks(tmp_path, Arm("kid", "9"), "kid=9", "step_ms=10", steps=60, looks=(20,))
    found = list(conducted([*tasks(tmp_path, BASE, "kid=1"), first, second], 1))
    assert [one.ending for one in found] == ["finished"] * 4


@pytest.mark.slow
def test_several_processes_train_the_same(tmp_path: Path) -> None:
    every = [*tasks(tmp_path, BASE, "kid=1"), *tasks(tmp_path, Arm("kid", "2"), "kid=2")]
    found = sorted(conducted(every, 2), key=lambda one: (one.arm.name, one.seed))
    assert [(one.ending, one.steps, one.run is not None) for one in found] == [("finished", 40, True)] * 4


def test_values_that_are_spelt_alike_have_their_own_folders(tmp_path: Path) -> None:
    folders = {run_dir_of(tmp_path, Arm("a", value), 0) for value in ("x/y", "x y", "x-y")}
    assert len(folders) == 3


def test_the_workers_of_a_dask_cluster_train_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    every = [*tasks(tmp_path, BASE, "kid=1"), *tasks(tmp_path, Arm("kid", "2"), "kid=2")]
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        found = sorted(conducted(every, 1, scheduler=cluster.scheduler_address), key=lambda t: (t.arm.name, t.seed))
    assert [(one.ending, one.steps, one.run is not None) for one in found] == [("finished", 40, True)] * 4


@pytest.mark.filterwarnings("ignore")  # what the library says of itself
def test_the_workers_of_a_ray_cluster_train_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")
    paths = os.pathsep.join([str(Path(__file__).parents[3]), str(Path(__file__).parents[2]), *sys.path])
    monkeypatch.setenv("PYTHONPATH", paths)
    every = [*tasks(tmp_path, BASE, "kid=1"), *tasks(tmp_path, Arm("kid", "2"), "kid=2")]
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        found = sorted(conducted(every, 1, scheduler="ray"), key=lambda t: (t.arm.name, t.seed))
        assert ray.is_initialized(), "what the program has begun it may go on with"
    finally:
        ray.shutdown()
    assert [(one.ending, one.steps, one.run is not None) for one in found] == [("finished", 40, True)] * 4


def test_without_ray_or_a_cluster_it_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableTarget, match=r"needs Ray|No Ray cluster answers"):
        list(conducted(tasks(tmp_path, BASE), 1, scheduler="ray"))


@pytest.mark.slow
def test_without_dask_or_a_scheduler_it_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UnusableTarget, match=r"needs Dask|No Dask scheduler answers"):
        list(conducted(tasks(tmp_path, BASE), 1, scheduler="tcp://127.0.0.1:1"))


def test_ctrl_c_keeps_what_is_finished_and_trains_the_rest_again(tmp_path: Path) -> None:
    first, second = tasks(tmp_path, BASE)
    slow = replace(
        second, job=second.job.model_copy(update={"options": {"settings": ["step_ms=100"], "steps": 9_000, "seed": 2}})
    )

    def report(task: Task, step: int) -> None:
        if task.seed == 2 and step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(conducted([first, slow], 1, report))
    assert [load_run(task.job.run_dir).state for task in (first, second)] == ["completed", "interrupted"]
    created = load_run(first.job.run_dir).manifest.created
    assert [one.ending for one in conducted([first, second], 1)] == ["finished"] * 2
    assert load_run(first.job.run_dir).manifest.created == created
