"""A run that went wrong on its way is treated from the last snapshot before that."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from gandoctor import diagnose
from gandoctor.diagnosis import Diagnosis
from gandoctor.experiments.treat import trial as trials
from gandoctor.experiments.treat.onset import last_good_snapshot
from gandoctor.experiments.treat.trial import finished, from_snapshot, from_the_start, tried
from gandoctor.rules import Finding, Severity, Status, all_rules
from gandoctor.rules.rule import Evidence
from gandoctor.store import RunWriter, load_run
from gandoctor.store.snapshots import write_snapshot
from support.command_line_runs import command_here, record

from .test_trial import FAKE, STEP, job


@pytest.fixture
def before(tmp_path: Path) -> Diagnosis:
    """A run of 60 steps that is NaN from step 47 on, with a snapshot of every tenth."""
    record(tmp_path / "before", steps=60, nan_from=47, target="fake:build")
    for step in range(10, 61, 10):
        write_snapshot(tmp_path / "before", step, {})
    return diagnose(tmp_path / "before")


def found(before: Diagnosis, **first_steps: int) -> Diagnosis:
    rules = {rule.id: rule for rule in all_rules()}
    findings = tuple(
        Finding(
            rules[rule],
            Status.DETECTED,
            rules[rule].severity,
            evidence=(Evidence("d_loss", 1.0, 0.0, step, 60, STEP.why),),
        )
        for rule, step in first_steps.items()
    )
    return dataclasses.replace(before, checks=findings)


def test_it_is_the_last_one_before_anything_was_found(before: Diagnosis) -> None:
    assert last_good_snapshot(before, STEP) == 40, "step 47 is the first NaN"
    assert last_good_snapshot(found(before, GD001=41), STEP) == 40
    assert last_good_snapshot(found(before, GD001=40), STEP) == 30
    assert last_good_snapshot(found(before, GD001=5), STEP) is None, "none is as early"
    assert last_good_snapshot(found(before, GD001=47, GD104=1), STEP) is None, "so it was built"
    assert last_good_snapshot(found(before), STEP) is None


def test_a_symptom_is_seen_over_sixty_steps(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", diagnose(record(tmp_path / "x")).run.manifest)
    for step in range(1, 201):
        writer.record(step, {"d_loss": 0.5})
    writer.close("completed")
    for step in (80, 120, 160):
        write_snapshot(tmp_path / "run", step, {})
    run = diagnose(tmp_path / "run")
    assert last_good_snapshot(found(run, GD301=150), STEP) == 80
    assert last_good_snapshot(found(run, GD301=182), STEP) == 120


def test_a_remark_counts_only_where_it_is_answered(before: Diagnosis) -> None:
    remark = next(rule.id for rule in all_rules() if rule.severity is Severity.INFO)
    with_remark = found(before, GD001=47, **{remark: 1})
    assert last_good_snapshot(with_remark, STEP) == 40
    assert last_good_snapshot(with_remark, dataclasses.replace(STEP, findings=("GD001", remark))) is None


def test_a_trial_goes_on_from_there(before: Diagnosis, tmp_path: Path) -> None:
    words = from_snapshot(["run", "fake:build"], before.run.path, 40)
    asked = job(tmp_path / "after").model_copy(
        update={"from_snapshot": (str(before.run.path), 40), "command": ["gandoctor", *words]}
    )
    trial = tried(STEP, asked, before, (20, 30), child=FAKE)
    assert trial.comparison.gone == ("GD001",)
    assert (trial.from_step, trial.last_step) == (40, 60)
    assert trial.to_plain()["from_step"] == 40
    assert trial.note == "begun at step 40, the last snapshot before anything was wrong"
    after = load_run(tmp_path / "after")
    assert list(after["d_loss"].index) == list(range(1, 61))
    assert after["d_grad_norm"][40] == 1.0, "recorded by the run before"
    known = finished(STEP, asked, before)
    assert known is not None
    assert (known.from_step, known.note) == (40, f"{trial.note}; trained earlier")


def test_what_cannot_go_on_is_trained_from_the_start(before: Diagnosis, tmp_path: Path) -> None:
    words = from_snapshot(["run", "fake:build"], before.run.path, 40)
    asked = job(tmp_path / "after", "networks=other").model_copy(
        update={"from_snapshot": (str(before.run.path), 40), "command": ["gandoctor", *words]}
    )
    trial = tried(STEP, asked, before, (), child=FAKE)
    assert (trial.from_step, trial.last_step) == (0, 60)
    assert trial.note == "trained from the start: The networks are others."
    assert load_run(tmp_path / "after").manifest.command == from_the_start(asked).command == ["gandoctor", *words[:2]]
    known = finished(STEP, asked, before)
    assert known is not None
    assert (known.from_step, known.note) == (0, "trained earlier")


def test_the_commands_say_from_which_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run --snapshots`, then `treat`: its trials are a third as long."""
    made = ["run", "--run-dir", "run", "fake:build", "--steps", "60", "--set", "nan_from=47", "--seed", "4"]
    command_here(*made, "--snapshots", "20", "--fail-on", "never", child=FAKE, cwd=tmp_path)
    command = "gandoctor run fake:build --steps 60 --seed 4"
    monkeypatch.setattr(Diagnosis, "plan", property(lambda _: (dataclasses.replace(STEP, command=command),)))
    monkeypatch.setattr(trials.ChildTraining.__init__, "__defaults__", (FAKE,))
    monkeypatch.setattr(trials.tried, "__kwdefaults__", {**(trials.tried.__kwdefaults__ or {}), "child": FAKE})

    assert "from the snapshot of step 40" in command_here("treat", "run", "--dry-run", cwd=tmp_path).stdout
    shown = command_here("treat", "run", cwd=tmp_path).stdout
    assert "20 steps in" in shown
    assert "begun at step 40" in shown
    (trial,) = json.loads((tmp_path / "run-treated" / "treatment.json").read_text())["trials"]
    assert (trial["from_step"], trial["last_step"]) == (40, 60)
    assert "20, from 40 to 60" in (tmp_path / "run-treated" / "treatment.html").read_text()
    command_here("treat", "run", "--from-start", "--into", "whole", cwd=tmp_path)
    (trial,) = json.loads((tmp_path / "whole" / "treatment.json").read_text())["trials"]
    assert trial["from_step"] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from-snapshot", "runs/a"], "give RUN_DIR@STEP"),
        (["--from-snapshot", "runs/a@x"], "give RUN_DIR@STEP"),
        (["--from-snapshot", "runs/a@4", "--resume", "--run-dir", "b"], "Leave one out"),
        (["--snapshots", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_used_is_one_error(tmp_path: Path, arguments: list[str], told: str) -> None:
    done = command_here("run", "fake:build", *arguments, child=FAKE, cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert told in done.stderr


def test_a_script_takes_none(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    done = command_here("run", "--snapshots", "5", "train.py", child=FAKE, cwd=tmp_path)
    assert done.returncode == 2
    assert "train.py takes no snapshots" in done.stderr


@pytest.mark.training
@pytest.mark.slow
def test_a_fault_that_begins_midway_is_cured_from_before_it(tmp_path: Path) -> None:
    """The reference model, tiny: its latents are constant from step 35 on."""
    tiny = [f"--set={key}" for key in ("generator.width=0.05", "discriminator.width=0.05", "training.batch_size=16")]
    made = ["run", "--run-dir", "run", *tiny, "--steps", "60", "--fault", "constant-latent@35", "--snapshots", "15"]
    command_here(*made, "--fail-on", "never", cwd=tmp_path)
    command_here("treat", "run", cwd=tmp_path)
    (trial,) = json.loads((tmp_path / "run-treated" / "treatment.json").read_text())["trials"]
    assert (trial["from_step"], trial["last_step"]) == (30, 60)
    assert "GD007" in trial["gone"]
    before, after = load_run(tmp_path / "run"), load_run(tmp_path / trial["run"])
    assert after["d_loss"].loc[:34].equals(before["d_loss"].loc[:34])
    assert not after["d_loss"].loc[35:].equals(before["d_loss"].loc[35:])
