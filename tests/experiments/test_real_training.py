"""The real child with the real reference model: recorded, interrupted, reported."""

import signal
import subprocess
import sys

import pytest

from gandoctor.store import load_run

COMMAND = [sys.executable, "-m", "gandoctor", "run", "--seed", "5", "--run-dir"]


@pytest.mark.training
@pytest.mark.slow
def test_interrupting_a_real_training_keeps_what_it_recorded(tmp_path):
    run_dir = tmp_path / "run"
    command = [*COMMAND, str(run_dir), "--steps", "100000", "--set", "generator.width=0.0625"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not (run_dir / "run.json").exists() or load_run(run_dir).last_step < 3:
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    assert (process.returncode, err.strip()) == (130, "The training was interrupted.")
    assert "The run was interrupted at step" in out
    assert (run_dir / "report.html").exists()

    run = load_run(run_dir)
    (ended,) = [event for event in run.events if event.kind == "ended"]
    assert ended.model_extra["reason"] == "interrupted", "and not stopped, as Keras would have it"
    assert ended.step == run.last_step
    assert {"d_loss", "g_loss", "d_grad_norm", "d_real_score"} <= set(run.names)
    manifest = run.manifest
    assert (manifest.target, manifest.seed, manifest.planned_steps) == ("reference_models.training:build", 5, 100000)
    assert manifest.command[:2] == ["gandoctor", "run"]
    assert manifest.config["settings"]["generator"]["width"] == 0.0625


def test_a_mistyped_setting_names_the_nearest_and_leaves_nothing(tmp_path):
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "run"), "--set", "generator.dropuot=0.5"], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert "generator.dropout" in done.stderr
    assert list(tmp_path.iterdir()) == []
