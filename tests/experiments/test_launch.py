"""The child process: how it is started, asked to stop, killed, and what is told of its end."""

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from gandoctor.errors import GandoctorError, NotWritable
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import ChildTraining, default_run_dir
from gandoctor.store import load_run

FAKE = (sys.executable, str(Path(__file__).parents[1] / "support" / "fake_child.py"))
PATIENCE_S = 60


def start(run_dir, *settings, **options):
    return ChildTraining(
        Job(target="fake:build", run_dir=str(run_dir), options={"settings": list(settings), **options}), FAKE
    )


def wait_for_step(training, step):
    for _ in range(PATIENCE_S * 50):
        if (training.run_dir / "run.json").exists() and load_run(training.run_dir).last_step >= step:
            return
        assert not training.wait(0.02), training.outcome()
    raise AssertionError(f"step {step} never came")


@pytest.fixture
def run_dir(tmp_path):
    return tmp_path / "run"


@pytest.fixture
def endless(run_dir):
    training = start(run_dir)
    wait_for_step(training, 5)
    yield training
    training.kill()
    training.outcome()


def ended(run_dir):
    (event,) = [e for e in load_run(run_dir).events if e.kind == "ended"]
    return event.model_extra


def test_completed(run_dir):
    training = start(run_dir, steps=5)
    assert training.outcome().ending == "completed"
    assert training.outcome().message is None
    assert load_run(run_dir).last_step == 5
    assert "this goes to the log" in training.log_path.read_text()


def test_the_first_interrupt_ends_the_run_cleanly(endless, run_dir):
    endless.interrupt()
    assert endless.outcome().ending == "interrupted"
    assert load_run(run_dir).state == "interrupted"
    assert ended(run_dir)["reason"] == "interrupted"


def test_stop_records_why(endless, run_dir):
    endless.stop(why="GD001 critical")
    assert endless.outcome().ending == "completed"
    assert ended(run_dir) == {"reason": "stopped", "why": "GD001 critical"}


def test_interrupt_after_stop_does_not_count_as_the_second(endless, run_dir):
    endless.stop(why="GD001 critical")
    endless.interrupt()
    assert endless.outcome().ending in ("completed", "interrupted")
    assert ended(run_dir)["reason"] in ("stopped", "interrupted")


def test_the_second_signal_ends_a_deaf_child_at_once(run_dir):
    training = start(run_dir, "deaf=1")
    wait_for_step(training, 3)
    training.interrupt()
    assert not training.wait(0.2)
    training.interrupt()
    assert training.outcome().ending == "killed"
    assert load_run(run_dir).state == "interrupted"


def test_kill_takes_the_childs_children_along(run_dir):
    training = start(run_dir)
    wait_for_step(training, 1)
    assert os.getpgid(training.pid) == training.pid != os.getpgid(0)
    training.kill()
    assert training.outcome().ending == "interrupted"
    assert load_run(run_dir).state == "interrupted"


def test_death_by_a_foreign_signal_is_told(run_dir):
    outcome = start(run_dir, "die_at=7").outcome()
    assert outcome.ending == "killed"
    assert "SIGKILL" in outcome.message
    assert "Out of memory" in outcome.message
    assert load_run(run_dir).last_step == 7


def test_crash_is_relayed_with_the_place_of_its_traceback(run_dir):
    training = start(run_dir, "crash_at=4")
    outcome = training.outcome()
    assert outcome.ending == "crashed"
    assert "ValueError: made up" in outcome.message
    assert str(training.log_path) in outcome.message
    assert "Traceback" not in outcome.message
    assert "ValueError: made up" in training.log_path.read_text()
    assert load_run(run_dir).state == "crashed"


def test_a_refused_job_leaves_nothing_behind(run_dir):
    outcome = start(run_dir, "refuse=bad value é").outcome()
    assert (outcome.ending, outcome.message) == ("unusable", "bad value é")
    assert not run_dir.exists()


def test_a_broken_target_keeps_its_traceback(run_dir):
    outcome = start(run_dir, "broken=bad shapes").outcome()
    assert outcome.ending == "unusable"
    assert "bad shapes" in outcome.message
    assert "ValueError: bad shapes" in (run_dir / "training.log").read_text()
    assert start(run_dir, steps=2).outcome().ending == "completed", "the same directory can be used again"


def test_a_directory_with_something_in_it_is_refused(run_dir):
    run_dir.mkdir()
    (run_dir / "thesis.tex").write_text("precious")
    with pytest.raises(NotWritable, match="not empty"):
        start(run_dir)
    assert (run_dir / "thesis.tex").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_place_is_one_clear_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(NotWritable, match="--run-dir"):
        start(tmp_path / "run")


def test_a_file_in_the_way_is_one_clear_error(run_dir):
    run_dir.write_text("")
    with pytest.raises(NotWritable, match="--run-dir"):
        start(run_dir)


def test_the_child_ends_when_its_launcher_is_killed(run_dir):
    code = (
        "import sys\nfrom gandoctor.experiments.job import Job\n"
        "from gandoctor.experiments.launch import ChildTraining\n"
        "training = ChildTraining(Job(target='fake:build', run_dir=sys.argv[1]), sys.argv[2:])\n"
        "print(training.pid, flush=True)\ntraining.wait(600)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", code, str(run_dir), *FAKE], stdout=subprocess.PIPE, text=True)
    with launcher:
        child = psutil.Process(int(launcher.stdout.readline()))
        while not (run_dir / "run.json").exists() or load_run(run_dir).last_step < 3:
            assert child.is_running()
        launcher.send_signal(signal.SIGKILL)
    psutil.wait_procs([child], timeout=PATIENCE_S)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert ended(run_dir)["reason"] == "interrupted"


def test_default_run_dir():
    now = datetime(2026, 1, 2, 3, 4, 5)
    assert default_run_dir({}, "reference_models.training:build", now) == Path("runs/20260102-030405-dcgan")
    assert default_run_dir({"preset": "quick"}, "a.b:c", now) == Path("runs/20260102-030405-quick")
    assert default_run_dir({}, "a.b:c", now) == Path("runs/20260102-030405-b")
    assert default_run_dir({}, "experiments/train.py", now) == Path("runs/20260102-030405-train")


def test_a_resumed_training_goes_on_in_its_directory_and_its_log(run_dir):
    start(run_dir, "die_at=5", steps=9).outcome()
    assert load_run(run_dir).state == "interrupted"
    resumed = ChildTraining(Job(target="fake:build", run_dir=str(run_dir), options={"steps": 9}, resume=True), FAKE)
    assert resumed.outcome().ending == "completed"
    run = load_run(run_dir)
    assert run["d_loss"].index.tolist() == list(range(1, 10))
    assert [event.kind for event in run.events] == ["started", "resumed", "ended"]
    assert run.gaps == []
    assert resumed.log_path.read_text().count("this goes to the log") >= 1


def test_what_cannot_be_resumed_is_one_error_and_starts_nothing(tmp_path, endless):
    for path in (tmp_path / "nothing", tmp_path, endless.run_dir):
        before = sorted(tmp_path.iterdir())
        with pytest.raises(GandoctorError, match=r"not a|still running"):
            ChildTraining(Job(target="fake:build", run_dir=str(path), resume=True), FAKE)
        assert sorted(tmp_path.iterdir()) == before
