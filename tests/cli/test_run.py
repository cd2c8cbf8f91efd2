"""`gandoctor run`, its child being a made-up training: every way a training can end still ends in a report."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gandoctor.store import load_run
from support.command_line_runs import FAKE, WITH_FAKE_CHILD, command, command_here
from support.rarely import rarely


def run(run_dir, *arguments):
    return command_here("run", "--run-dir", run_dir, "fake:build", *arguments, child=FAKE)


def verdict(run_dir):
    return json.loads((run_dir / "diagnosis.json").read_text())["verdict"]


@pytest.fixture
def run_dir(tmp_path):
    return tmp_path / "run"


@pytest.mark.parametrize("watch", [["--watch"], []])
def test_a_training_ends_in_a_report(run_dir, watch):
    done = command(WITH_FAKE_CHILD, "run", "--run-dir", run_dir, "fake:build", "--steps", "20", *watch)
    assert (done.returncode, done.stderr) == (0, "")
    assert "step 20/20" in done.stdout
    assert f"Report: {run_dir / 'report.html'}" in done.stdout
    assert (run_dir / "report.html").exists()
    manifest = load_run(run_dir).manifest
    assert manifest.command[:2] == ["gandoctor", "run"]


def test_a_critical_finding_sets_the_status(run_dir):
    done = run(run_dir, "--steps", "20", "--set", "nan_from=10", "--watch")
    assert done.returncode == 1
    assert "critical: GD001" in done.stdout
    assert verdict(run_dir) == "failing"


def test_fail_on_never(run_dir):
    assert run(run_dir, "--steps", "20", "--set", "nan_from=10", "--fail-on", "never").returncode == 0


def test_stop_on_saves_steps_and_says_how_many(run_dir):
    done = run(run_dir, "--steps", "1000000", "--set", "nan_from=5", "--stop-on", "critical")
    assert done.returncode == 1
    recorded = load_run(run_dir)
    ended = recorded.events[-1]
    assert (ended.model_extra["reason"], ended.model_extra["why"]) == ("stopped", "GD001 critical")
    saved = 1_000_000 - recorded.last_step
    summary = f"Stopped at step {recorded.last_step} because of GD001, which saved {saved} of 1000000 steps."
    assert summary in done.stdout
    assert "Stopping on critical: GD001" in done.stdout


def test_a_crash_ends_in_a_report(run_dir):
    done = run(run_dir, "--set", "crash_at=7")
    assert done.returncode == 1
    assert "ValueError: made up" in done.stderr
    assert "training.log" in done.stderr
    assert "Traceback (most" not in done.stderr
    assert "The run crashed at step 7" in done.stdout
    assert (run_dir / "report.html").exists()


def test_a_killed_training_ends_in_a_report(run_dir):
    done = run(run_dir, "--set", "die_at=7")
    assert done.returncode == 1
    assert "killed by SIGKILL" in done.stderr
    assert "The run was interrupted at step 7" in done.stdout
    assert (run_dir / "report.html").exists()


def test_a_refused_setting_is_one_message(run_dir):
    done = run(run_dir, "--set", "refuse=There is no setting x.")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "Error: There is no setting x.\n")
    assert not run_dir.exists()


def test_a_taken_directory_is_refused_before_anything_starts(run_dir):
    assert run(run_dir, "--steps", "3").returncode == 0
    done = run(run_dir, "--steps", "3")
    assert done.returncode == 2
    assert "--run-dir" in done.stderr


def test_the_default_directory_lies_in_runs(tmp_path):
    done = command_here("run", "--preset", "quick", "--steps", "3", child=FAKE, cwd=tmp_path)
    assert done.returncode == 0
    (made,) = (tmp_path / "runs").iterdir()
    assert made.name.endswith("-quick")


class Running:
    """`gandoctor run` without a terminal, endless until signalled."""

    def __init__(self, run_dir: Path, *arguments: str):
        self.run_dir = run_dir
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                WITH_FAKE_CHILD,
                "run",
                "--watch",
                "--run-dir",
                str(run_dir),
                "fake:build",
                *arguments,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not (run_dir / "run.json").exists() or load_run(run_dir).last_step < 5:
            assert self.process.poll() is None

    def finish(self):
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, *map(rarely, (signal.SIGTERM, signal.SIGHUP))])
def test_one_signal_ends_cleanly_with_a_report(run_dir, number):
    running = Running(run_dir)
    running.process.send_signal(number)
    status, out, err = running.finish()
    assert (status, err.strip()) == (130, "The training was interrupted.")
    assert "The run was interrupted at step" in out
    assert load_run(run_dir).events[-1].model_extra["reason"] == "interrupted"
    assert (run_dir / "report.html").exists()


def test_a_second_signal_ends_at_once_without_a_report(run_dir):
    running = Running(run_dir, "--set", "deaf=1")
    running.process.send_signal(signal.SIGINT)
    for line in running.process.stdout:
        if line.startswith("Stopping after this step"):
            break
    running.process.send_signal(signal.SIGINT)
    status, _, err = running.finish()
    assert status == 130
    assert "Traceback" not in err
    assert not (run_dir / "report.html").exists()
    assert load_run(run_dir).state == "interrupted"
