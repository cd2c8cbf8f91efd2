"""`gandoctor treat` and `gandoctor run --change`, as they are typed."""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path

import pytest

from gandoctor.diagnosis import Diagnosis, Step
from gandoctor.experiments.study import conduct
from gandoctor.experiments.treat import trial
from gandoctor.message import Message
from gandoctor.store import Manifest, RunWriter, load_run
from support.command_line_runs import FAKE, command_here

SCRIPT = Path(__file__).parents[1] / "experiments" / "scripts" / "slow_generator.py"


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run of a script whose loss is NaN."""
    return written(tmp_path, ["gandoctor", "run", "train.py"])


def written(tmp_path: Path, command: list[str]) -> Path:
    manifest = Manifest(target="train.py", command=command, loss_family="non_saturating")
    writer = RunWriter(tmp_path / "run", manifest)
    for step in range(1, 40):
        writer.record(step, {"d_loss": float("nan"), "g_loss": 0.7})
    writer.close("completed")
    return tmp_path / "run"


def test_a_change_of_the_code_is_left_to_its_author(run_dir: Path) -> None:
    done = command_here("treat", run_dir)
    assert done.returncode == 1
    assert "NOT APPLIED" in done.stdout
    assert "to be made by hand" in done.stdout
    assert "\n   + " in done.stdout or "import " in done.stdout, "the change itself is shown"
    assert not run_dir.with_name("run-treated").exists(), "nothing was trained"


def test_a_dry_run_trains_nothing_and_says_how_long_it_would_take(run_dir: Path) -> None:
    done = command_here("treat", "--dry-run", run_dir)
    assert done.returncode == 0
    assert "as long as the run itself took" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["treat", "nowhere"], "nowhere"),
        (["treat", "RUN", "--look-at", "soon"], "no list of steps"),
        (["treat", "RUN", "--edited", "nowhere.py"], "nowhere.py"),
        (["run", "--change", "g_optimizer.lr=1", "fake:build"], "use one of g_optimizer.learning_rate"),
        (["run", "--change", "g_optimizer.learning_rate=fast", "fake:build"], "is no learning rate"),
        (["run", "--change", "discriminator.translation=0.7", "fake:build"], "above 0, at most 0.5"),
        (["run", "--change", "discriminator.real_label=0.5", "fake:build"], "above 0.5, at most 1"),
        (["run", "--change", "discriminator.real_label=1.1", "fake:build"], "is no real label"),
        (["run", "--change", "g_optimizer.learning_rate=-1", "fake:build"], "is no learning rate"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(run_dir: Path, arguments: list[str], told: str) -> None:
    done = command_here(*[run_dir if a == "RUN" else a for a in arguments], child=FAKE)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.training
def test_an_unchanged_script_is_treated(tmp_path: Path) -> None:
    """Its generator's learning rate is 1e-9: the plan's first step sets another, in the script as it is."""
    done = command_here("run", "--run-dir", "run", SCRIPT, cwd=tmp_path)
    assert "learning rate" in done.stdout
    before = load_run(tmp_path / "run")
    treated = command_here("treat", "run", "--first", "1", "--json", cwd=tmp_path)
    (trial,) = json.loads(treated.stdout)["trials"]
    assert "--change=g_optimizer.learning_rate=" in trial["step"]["command"]
    assert "GD104" in trial["gone"]
    after = load_run(Path(trial["run"]) if Path(trial["run"]).is_absolute() else tmp_path / trial["run"])
    assert before["g_learning_rate"].iloc[-1] == pytest.approx(1e-9)
    assert after["g_learning_rate"].iloc[0] > 1e-5, "before the first step"
    (changed,) = [event for event in after.events if event.kind == "changed"]
    assert changed.model_extra["what"] == "g_optimizer.learning_rate"
    assert (tmp_path / "run-treated" / "treatment.html").exists()


@pytest.mark.slow
@pytest.mark.training
def test_what_was_edited_is_proven(tmp_path: Path) -> None:
    """The code that was run may lie beside the edited one, or be edited in its place, again and again."""
    script, mended = tmp_path / "train.py", tmp_path / "mended.py"
    script.write_text(SCRIPT.read_text())
    mended.write_text(SCRIPT.read_text().replace("1e-9", "2e-4"))
    assert "GD104" in command_here("run", "--run-dir", "run", "train.py", cwd=tmp_path).stdout
    told = command_here("treat", "run", "--dry-run", "--edited", "mended.py", cwd=tmp_path).stdout
    assert "gandoctor run mended.py" in told
    for name, target in (("edited-1", "mended.py"), ("edited-2", "train.py")):
        done = command_here("treat", "run", "--edited", target, "--json", cwd=tmp_path)
        (tried,) = json.loads(done.stdout)["trials"]
        assert (Path(tried["run"]).name, "GD104" in tried["gone"]) == (name, target == "mended.py")
        assert ("-    " in tried["step"]["change"]) == (target == "mended.py"), "what was edited is shown"
    page = (tmp_path / "run-treated" / "treatment.html").read_text()
    assert "train.py as it was edited" in page


def test_a_run_that_no_command_repeats_is_not_proven_by_an_edit(tmp_path: Path) -> None:
    done = command_here("treat", written(tmp_path, ["python", "train.py"]), "--edited", "train.py")
    assert done.returncode == 2
    assert "gandoctor compare" in done.stderr


def test_seeds_repeat_the_run_and_the_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake training takes any setting; its plan is given, as no rule of its few signals has a command."""
    monkeypatch.setattr(conduct, "Task", functools.partial(conduct.Task, child=FAKE))
    monkeypatch.setattr(trial, "tried", functools.partial(trial.tried, child=FAKE))
    step = Step("x", Message("Do x"), Message("y"), "confirmed", ("GD001",), (), "", "strong", None, Message("z"))
    command = "gandoctor run fake:build --steps 30 --set a=1 --seed 4"
    monkeypatch.setattr(Diagnosis, "plan", property(lambda _: (dataclasses.replace(step, command=command),)))
    made = ["run", "fake:build", "--steps", "30", "--set", "nan_from=9", "--seed", "4"]
    manifest = Manifest(target="fake:build", command=["gandoctor", *made], seed=4, loss_family="non_saturating")
    writer = RunWriter(tmp_path / "run", manifest)
    for number in range(1, 31):
        writer.record(number, {"d_loss": float("nan"), "g_loss": 0.7})
    writer.close("completed")
    done = command_here("treat", "run", "--seeds", "2", "--json", cwd=tmp_path)
    (found,) = json.loads(done.stdout)["trials"]
    assert len(found["seeds"]) == 2
    other = tmp_path / "run-treated"
    assert load_run(other / "as-it-was" / "seed-5").manifest.command[-4:] == ["--set", "nan_from=9", "--seed", "5"]
    assert load_run(other / "1-x-seed-5").manifest.command[-4:] == ["--set", "a=1", "--seed", "5"]


def test_a_script_is_not_repeated_with_seeds(run_dir: Path) -> None:
    done = command_here("treat", run_dir, "--seeds", "2")
    assert done.returncode == 2
    assert "a script sets its own" in done.stderr


@pytest.mark.training
@pytest.mark.slow
def test_too_much_dropout_is_lowered_in_a_script_as_it_is(tmp_path: Path) -> None:
    script = SCRIPT.with_name("dropping_discriminator.py")
    command_here("run", "--run-dir", "run", script, cwd=tmp_path)
    treated = command_here("treat", "run", "--first", "1", "--json", cwd=tmp_path)
    (trial,) = json.loads(treated.stdout)["trials"]
    assert "--change=discriminator.dropout=0.3" in trial["step"]["command"]
    assert "GD103" in trial["gone"]
    layers = load_run(tmp_path / trial["run"]).manifest.discriminator.layers
    assert [layer.settings["rate"] for layer in layers if layer.type == "Dropout"] == [0.3]


@pytest.mark.slow
@pytest.mark.training
def test_what_a_loop_would_not_heed_is_said(tmp_path: Path) -> None:
    loop = SCRIPT.with_name("loop.py")
    done = command_here(
        "run", "--change", "d_optimizer.beta_1=0.7", "--run-dir", "run", loop, "--", "function", cwd=tmp_path
    )
    assert done.returncode == 3
    assert "beta_1 of the discriminator cannot be set" in done.stderr
    assert "never trained two networks" not in done.stderr
