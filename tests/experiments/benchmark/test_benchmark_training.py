"""One tiny run from the plan to its judgement, with a real training and an oracle of two numbers."""

import numpy as np
import pytest

from gandoctor.experiments.benchmark.conduct import conduct, files_of, judge_all
from support.benchmark_judgements import band, plan_of, planned

ORACLE = """
def prepare(cache):
    (cache / "prepared").write_text("yes")

def measure(fakes, holdout, cache):
    assert (cache / "prepared").exists()
    assert fakes.dtype == holdout.dtype == "uint8"
    return {"kid": float(fakes.std()), "distinct": float(len(holdout))}
"""
SMALL = ["generator.width=0.0625", "discriminator.width=0.0625", "training.freeze_discriminator=true"]


@pytest.mark.training
@pytest.mark.slow
def test_runs_are_trained_measured_and_judged(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    (tmp_path / "two_numbers.py").write_text(ORACLE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    options = {"settings": SMALL, "steps": 20, "seed": 201}
    target = {"target": "reference_models.training:build"}
    plan = plan_of(
        *band(101),
        planned("healthy", options=options, **target),
        planned(
            "zeros",
            "mechanistic",
            fault="constant-latent",
            options={**options, "faults": ["constant-latent"]},
            **target,
        ),
        planned("nan", "mechanistic", fault="nan-at-step", options={**options, "faults": ["nan-at-step@5"]}, **target),
        oracle="two_numbers:measure",
        monitor={"overhead_budget": 1.0},
    )
    runs = plan.select(["test"])
    conduct(plan, runs, tmp_path / "runs", 1, lambda *_: None)

    healthy, zeros, nan = judge_all(plan, runs, tmp_path / "runs", 1, lambda *_: None)
    assert [one["outcome"] for one in (healthy, zeros, nan)] == ["completed"] * 3
    assert (healthy["steps"], healthy["oracle"]["distinct"], healthy["oracle"]["kid"] > 0) == (20, 500.0, True)
    assert nan["oracle"] == {"finite": 0.0}
    assert nan["alarms"].keys() >= {"GD001"}
    assert "GD007" in zeros["alarms"]
    assert "GD007" not in healthy["alarms"]

    fakes, holdout = files_of(plan, tmp_path / "runs", runs[1]).samples()
    assert (fakes.shape, holdout.shape) == ((plan.samples, 28, 28, 1), (500, 28, 28, 1))
    assert np.ptp(fakes.astype(int), axis=0).max() == 0  # drawn with the run's own latents: all are zero
