"""`gandoctor benchmark` on a plan whose targets never get as far as TensorFlow."""

import json

import pytest
from click.testing import CliRunner

from gandoctor.cli.group import gandoctor
from gandoctor.experiments.benchmark.conduct import conduct, files_of
from gandoctor.experiments.benchmark.worker import ONE_THREAD, perform
from gandoctor.frameworks import MissingFramework
from gandoctor.store import Manifest, RunWriter
from support.benchmark_judgements import GOOD, band, plan_of, planned

TARGETS = """
import os
from pathlib import Path
from gandoctor.errors import GandoctorError

def refuses(seed=0):
    raise GandoctorError("no such setting")

def breaks(seed=0):
    with Path("tries.txt").open("a") as file:
        file.write("x")
    return 1 / 0

def dies(seed=0):
    os._exit(9)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "benchmark_targets.py").write_text(TARGETS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_plan(*targets):
    runs = [planned(name, target=f"benchmark_targets:{name}", options={"seed": 201}) for name in targets]
    return plan_of(*band(101), *runs, oracle="support.benchmark_judgements:oracle")


def benchmark(*words):
    return CliRunner().invoke(gandoctor, ["benchmark", *words], catch_exceptions=False)


def test_what_fails_is_recorded_and_stops_nothing(folder):
    plan = a_plan("refuses", "breaks")
    told = []
    conduct(
        plan, plan.select(["test"]), folder / "runs", 1, lambda run, files, done, of: told.append((run.id, done, of))
    )
    assert sorted(told) == [("breaks", 2, 2), ("refuses", 1, 2)]
    marks = {run.id: files_of(plan, folder / "runs", run).trained for run in plan.select(["test"])}
    assert (marks["refuses"]["outcome"], marks["refuses"]["error"]) == ("failed", "GandoctorError: no such setting")
    assert "ZeroDivisionError" in marks["breaks"]["error"]
    assert "1 / 0" in (folder / "runs" / "test" / "breaks" / "log.txt").read_text()

    conduct(plan, plan.select(["test"]), folder / "runs", 1, lambda *_: pytest.fail("a finished run was repeated"))
    assert (folder / "tries.txt").read_text() == "x"


def test_a_worker_that_dies_takes_no_other_run_with_it(folder, monkeypatch):
    monkeypatch.setattr("gandoctor.experiments.benchmark.conduct.ATTEMPTS", 2)
    plan = a_plan("dies", "breaks")
    conduct(plan, plan.select(["test"]), folder / "runs", 1, lambda *_: None)
    dead, broken = (files_of(plan, folder / "runs", run) for run in plan.select(["test"]))
    assert (dead.trained["outcome"], dead.attempts) == ("failed", 2)
    assert "the worker died" in dead.trained["error"]
    assert "ZeroDivisionError" in broken.trained["error"]


def trained(folder, plan):
    """Put finished runs where the command looks for them."""
    for run in plan.runs:
        files = files_of(plan, folder / "runs", run)
        writer = RunWriter(files.run_dir, Manifest(planned_steps=60, loss_family="non_saturating"))
        for step in range(1, 61):
            writer.record(step, {"d_loss": float("nan") if run.is_faulty and step > 30 else 0.6, "g_loss": 0.7})
        writer.close("completed")
        files.finish("completed", 1.0)
        files.keep_oracle({"finite": 0.0} if run.is_faulty else GOOD)


@pytest.fixture
def judged(folder):
    faulty = planned("nan-201", "mechanistic", fault="nan", expected=("GD001",), causes=("GD001",))
    plan = plan_of(*band(101, 102), planned("net-201"), faulty)
    (folder / "plan.json").write_text(plan.model_dump_json(), encoding="utf-8")
    trained(folder, plan)
    options = ("--plan", "plan.json", "--runs-dir", "runs", "--workers", "1")
    done = benchmark("--judge-only", *options)
    assert done.exit_code == 0, done.output
    return options


def numbers(folder):
    return {one["split"]: one for one in json.loads((folder / "reports" / "benchmark.json").read_text())["splits"]}


def test_runs_are_judged_scored_and_reported(folder, judged):
    found = numbers(folder)["test"]
    assert found["judged"] == 2
    assert {rule["id"]: rule["found"]["hits"] for rule in found["rules"] if rule["found"]["of"]} == {"GD001": 1}
    assert found["causes"]["top_1"]["hits"] == 1
    page = (folder / "reports" / "benchmark.md").read_text(encoding="utf-8")
    assert "## Split: test" in page
    assert "| GD001 | 1/1 (21-100 %) |" in page
    assert "Command: `gandoctor benchmark --judge-only --workers 1`, on" in page, "without a directory of this machine"


def test_scoring_again_needs_no_runs(folder, judged):
    before = numbers(folder)
    for path in (folder / "runs").rglob("*.arrows"):
        path.unlink()
    assert benchmark("--score-only", *judged).exit_code == 0
    assert numbers(folder) == before


def test_judging_a_part_keeps_the_rest(folder, judged):
    assert benchmark("--judge-only", "--only", "net-201", *judged).exit_code == 0
    assert numbers(folder)["test"]["judged"] == 2


def test_judging_by_other_limits_is_said_in_the_report(folder, judged, monkeypatch):
    page = folder / "reports" / "benchmark.md"
    assert "has been judged with" not in page.read_text(encoding="utf-8")
    other = {"gandoctor": "0", "commit": "abc", "limits": "other", "rules": "other"}
    monkeypatch.setattr("gandoctor.experiments.benchmark.publish.version", lambda: other)
    assert benchmark("--judge-only", "--split", "test", "--only", "net", *judged).exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "has been judged with 2 versions of the limits" in text
    assert "These judgements were made by more than one version" in text


def test_a_part_that_is_in_no_name_is_refused(folder, judged):
    done = benchmark("--only", "nothing-like-it", *judged)
    assert (done.exit_code, "No run of the plan" in done.output) == (2, True)


def test_scoring_without_judgements_is_one_clear_error(folder):
    from gandoctor.errors import GandoctorError

    (folder / "plan.json").write_text(plan_of(*band(101)).model_dump_json(), encoding="utf-8")
    with pytest.raises(GandoctorError, match="There are no judgements"):
        benchmark("--score-only", "--plan", "plan.json")


def test_a_run_that_lacks_its_framework_is_not_kept_as_one_that_failed(folder, monkeypatch):
    monkeypatch.syspath_prepend(folder)
    for name, value in ONE_THREAD.items():  # `perform` sets them; here they are to be put back
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("gandoctor.frameworks.FRAMEWORKS", {"mindspring": {"mindspring": "MindSpring"}})
    (folder / "needy_targets.py").write_text("def needy(seed=0):\n    import mindspring\n", encoding="utf-8")
    plan = plan_of(*band(101), planned("needy", target="needy_targets:needy", options={"seed": 201}))
    (run,) = plan.select(["test"])
    files = files_of(plan, folder / "runs", run)
    with pytest.raises(MissingFramework, match="needy_targets:needy needs MindSpring"):
        perform(plan, run, files, folder)
    assert files.trained is None
