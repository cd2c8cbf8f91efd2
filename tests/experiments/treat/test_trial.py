"""A step of the plan, trained again: compared, given up where it makes things worse, found again where it is done."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gandoctor import diagnose
from gandoctor.comparison.outcome import Comparison
from gandoctor.diagnosis.plan import Step
from gandoctor.errors import NotWritable
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import ChildTraining
from gandoctor.experiments.treat.page import treatment_page
from gandoctor.experiments.treat.trial import Trial, by_seed, finished, not_applied, tried, with_seed
from gandoctor.message import Message

FAKE = (sys.executable, str(Path(__file__).parents[2] / "support" / "fake_child.py"))
STEP = Step(
    treatment="check-data",
    title=Message("Check the data"),
    why=Message("A <loss> is NaN"),
    standing="confirmed",
    findings=("GD001",),
    edits=(),
    code="x = clean(x)",
    evidence="strong",
    command="gandoctor run fake:build",
    expect=Message("no NaN"),
)


def job(run_dir: Path, *settings: str, steps: int = 60) -> Job:
    options = {"settings": list(settings), "steps": steps}
    return Job(target="fake:build", run_dir=str(run_dir), options=options, command=["gandoctor", "run", *settings])


def diagnosed(run_dir: Path, *settings: str):
    assert ChildTraining(job(run_dir, *settings), FAKE).outcome().ending == "completed"
    return diagnose(run_dir)


def test_a_change_is_trained_and_compared(tmp_path: Path) -> None:
    before = diagnosed(tmp_path / "before", "nan_from=20")
    trial = tried(STEP, job(tmp_path / "after"), before, (), child=FAKE)
    assert trial.comparison.gone == ("GD001",)
    assert (trial.last_step, trial.note) == (60, "")
    assert trial.comparison.outcome == "improved", "too little is recorded to call it cured"
    page = treatment_page(before, [trial, not_applied(STEP, "it takes a change of the code")])
    assert "A &lt;loss&gt; is NaN" in page
    assert "before, step 41" in page
    assert "it takes a change of the code" in page


def test_the_duality_gap_is_shown_beside_the_outcome_and_decides_nothing(tmp_path: Path) -> None:
    before = diagnosed(tmp_path / "before", "nan_from=20")
    plain = tried(STEP, job(tmp_path / "plain"), before, (), child=FAKE)
    asked = job(tmp_path / "asked").model_copy(update={"duality_gap_at": (50,)})
    trial = tried(STEP, asked, before, (), child=FAKE)
    assert trial.to_plain()["duality_gap"] == {"50": pytest.approx(0.03)}
    assert trial.comparison.outcome == plain.comparison.outcome
    page = treatment_page(before, [trial])
    assert "<tr><td>step 50<td>–<td>0.03</tr>" in page
    assert "uality gap" not in treatment_page(before, [plain])


def test_one_that_makes_it_worse_is_given_up_at_a_look(tmp_path: Path) -> None:
    before = diagnosed(tmp_path / "before")
    slow = job(tmp_path / "after", "nan_from=5", "step_ms=100", steps=10_000)
    trial = tried(STEP, slow, replace(before), (20,), child=FAKE)
    assert trial.comparison.outcome == "worse"
    assert "clearly worse at step 20" in trial.note
    assert trial.last_step < 10_000


def test_what_cannot_be_trained_is_not_applied(tmp_path: Path) -> None:
    before = diagnosed(tmp_path / "before", "nan_from=20")
    trial = tried(STEP, job(tmp_path / "after", "refuse=no such setting"), before, (), child=FAKE)
    assert (trial.comparison.outcome, trial.note) == ("not applied", "no such setting")


def test_a_finished_training_is_not_repeated_and_another_is_not_taken_for_it(tmp_path: Path) -> None:
    before = diagnosed(tmp_path / "before", "nan_from=20")
    after = job(tmp_path / "after")
    assert finished(STEP, after, before) is None
    tried(STEP, after, before, (), child=FAKE)
    again = finished(STEP, after, before)
    assert again is not None
    assert (again.note, again.last_step) == ("trained earlier", 60)
    with pytest.raises(NotWritable, match="another training"):
        finished(STEP, job(tmp_path / "after", "nan_from=9"), before)
    shutil.rmtree(tmp_path / "after")
    killed = job(tmp_path / "after", "die_at=10")
    ChildTraining(killed, FAKE).outcome()
    with pytest.raises(NotWritable, match="did not come to its end"):
        finished(STEP, killed, before)


def test_what_holds_for_every_seed_is_the_outcome(tmp_path: Path) -> None:
    def trial(outcome: str, *others: str) -> Trial:
        return Trial(
            STEP, Comparison(outcome), seed=1, others=tuple(Trial(STEP, Comparison(o), seed=2) for o in others)
        )

    assert trial("cured").outcome == "cured"
    assert trial("cured", "cured").outcome == "cured"
    assert trial("cured", "improved").outcome == "improved"
    assert trial("cured", "no change").outcome == "no change"
    assert trial("improved", "worse").outcome == "worse"
    assert by_seed(trial("cured", "no change")) == "by seed: 1 cured, 2 no change"
    assert trial("cured", "worse").to_plain()["seeds"] == ["cured", "worse"]
    before = diagnosed(tmp_path / "before")
    assert "by seed: 1 cured, 2 worse" in treatment_page(before, [trial("cured", "worse")])


def test_a_command_gets_another_seed() -> None:
    assert with_seed(["--seed", "3", "x:y", "--seed=4", "--set", "a=1"], 5) == ["x:y", "--set", "a=1", "--seed", "5"]
