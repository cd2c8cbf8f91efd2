"""`gandoctor check`, its child being a made-up training: text, JSON, exit status, and an interrupted check."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from support.command_line_runs import FAKE, FAKE_CHILD, WITHOUT_TENSORFLOW, command_here

WITH_FAKE_CHILD = WITHOUT_TENSORFLOW.replace(
    "main()",
    "import functools\nimport gandoctor.experiments.check as module\n"
    f"module.check_target = functools.partial(module.check_target, child=[sys.executable, {str(FAKE_CHILD)!r}])\n"
    "main()",
)


@pytest.fixture
def temporary(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def check(temporary, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    def call(*arguments):
        done = command_here("check", *arguments, child=FAKE)
        assert list(temporary.iterdir()) == []
        return done

    return call


def test_text_is_that_of_diagnose(check):
    done = check("fake:build", "--set", "nan_from=1", "-v")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("FAILING  Checked the model card and a dry run of 2 steps: ")
    assert "critical  GD001" in done.stdout
    assert "Not checked\n" in done.stdout
    assert "GD301" not in done.stdout


def test_json(check):
    done = check("fake:build", "--json", "--dry-run-steps", "5")
    content = json.loads(done.stdout)
    assert (done.returncode, content["schema"], content["run"]["steps"]) == (0, "gandoctor.diagnosis/1", 5)


def test_exit_status(check):
    assert check("fake:build", "--set", "nan_from=1", "--fail-on", "never").returncode == 0
    assert check("fake:build", "--set", "nan_from=3").returncode == 0
    done = check("fake:build", "--set", "refuse=There is no setting x.")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "Error: There is no setting x.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model"], "module:factory"),
        (["train.py"], "There is no script train.py."),
        (["--seed", "1", "train.py"], "There is no script train.py."),
        (["generator.keras"], "generator first"),
        (["fake:build", "--dry-run-steps", "-1"], "--dry-run-steps"),
    ],
)
def test_unusable_arguments_are_one_clear_error(check, arguments, said):
    done = check(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_check_takes_its_child_and_its_directory_along(temporary, number):
    code = ["-c", WITH_FAKE_CHILD, "check", "fake:build", "--dry-run-steps", "1000000"]
    environment = {"TMPDIR": str(temporary), "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, *code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list(temporary.glob("*/run/run.json")):
            assert process.poll() is None, process.communicate()
        children = psutil.Process(process.pid).children()
        assert children
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "")
    assert psutil.wait_procs(children, timeout=60)[1] == []
    assert list(temporary.iterdir()) == []
