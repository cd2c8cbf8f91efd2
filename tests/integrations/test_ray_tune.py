"""Ray Tune with the real library: a failing run does not win, and a finding ends its trial."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gandoctor.errors import GandoctorError
from support.trial_runs import record

ray = pytest.importorskip("ray")
tune = pytest.importorskip("ray.tune")
pytestmark = [pytest.mark.training, pytest.mark.filterwarnings("ignore")]  # it imports PyTorch; what it says of itself

ROOT = Path(__file__).parents[2]


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RAY_AIR_NEW_OUTPUT", "0")
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": paths}},
    )
    yield
    ray.shutdown()


def test_a_failing_run_does_not_win_and_is_ended(tmp_path: Path, two_workers: None) -> None:
    from gandoctor.integrations.ray_tune import FindingsStopper

    def train(config: dict[str, float]) -> None:
        from gandoctor.integrations.ray_tune import report
        from support.trial_runs import record

        x = config["x"]
        run_dir = record(Path("run").absolute(), 0.1 + x, broken=x == 0.0)
        for epoch in range(4):
            report(run_dir, epoch=epoch)

    results = tune.Tuner(
        train,
        param_space={"x": tune.grid_search([0.0, 0.25, 0.5])},
        tune_config=tune.TuneConfig(metric="gandoctor_value", mode="min"),
        run_config=tune.RunConfig(name="search", storage_path=str(tmp_path), stop=FindingsStopper(), verbose=0),
    ).fit()
    assert not results.errors
    best = results.get_best_result()
    assert (best.config["x"], best.metrics["gandoctor_value"]) == (0.25, pytest.approx(0.35))
    told = {result.config["x"]: result.metrics for result in results}
    assert [told[x]["training_iteration"] for x in (0.0, 0.25, 0.5)] == [2, 4, 4]
    assert math.isinf(told[0.0]["gandoctor_value"])
    assert told[0.0]["gandoctor_severity"] == "critical"
    assert told[0.0]["gandoctor_findings"].startswith("GD")
    assert Path(told[0.5]["gandoctor_run"]).is_dir()


def test_what_a_trial_reports(tmp_path: Path) -> None:
    from gandoctor.integrations.ray_tune import metrics_of

    assert metrics_of(record(tmp_path / "good", 0.25))["gandoctor_value"] == 0.25
    assert math.isnan(metrics_of(record(tmp_path / "early", None))["gandoctor_value"])
    for name, kid, what in [("bad", 0.1, {"broken": True}), ("wide", math.inf, {}), ("ended", 0.1, {"ended_by": "x"})]:
        assert metrics_of(record(tmp_path / name, kid, **what))["gandoctor_value"] == math.inf
    with pytest.raises(GandoctorError):
        metrics_of(tmp_path / "none")


def test_patience_is_of_reports_in_a_row_of_one_trial() -> None:
    from gandoctor.integrations.ray_tune import FindingsStopper

    stopper = FindingsStopper("warning", patience=2)
    reports = [("a", "warning"), ("b", "critical"), ("a", "info"), ("a", "critical"), ("b", ""), ("a", "warning")]
    asked = [stopper(trial, {"gandoctor_severity": severity}) for trial, severity in reports]
    assert asked == [False] * 5 + [True]
    assert not stopper("c", {"another": 1.0})
    assert not stopper.stop_all()
    with pytest.raises(GandoctorError, match="use one of info"):
        FindingsStopper("awful")
