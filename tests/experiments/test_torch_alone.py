"""Without TensorFlow, PyTorch is all that `run`, `report`, `diagnose`, `watch`, `check` and `treat` need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gandoctor import load_run

pytest.importorskip("torch")

pytestmark = pytest.mark.training
TESTS = Path(__file__).parents[1]
SCRIPT = Path(__file__).parent / "torch_scripts" / "styles.py"
SMALL = ["generator.width=0.02", "discriminator.width=0.02", "training.batch_size=8"]
SETTINGS = [word for change in (*SMALL, "training.freeze_discriminator=true") for word in ("--set", change)]


def gandoctor(folder, *words):
    path = os.pathsep.join(map(str, (TESTS / "without_frameworks", TESTS.parent)))
    done = subprocess.run(
        [sys.executable, "-m", "gandoctor", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "HIDDEN_FRAMEWORKS": "tensorflow,keras"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in done.stderr
    return done


def test_the_reference_model_is_pytorchs_and_every_view_shows_it(tmp_path):
    fault = ["--fault", "constant-latent", "--steps", "12"]
    done = gandoctor(tmp_path, "run", "--run-dir", "run", *SETTINGS, *fault)
    assert done.returncode == 1, done.stdout + done.stderr
    assert load_run(tmp_path / "run").manifest.target == "reference_models.torch_dcgan:build"
    assert "GD007" in gandoctor(tmp_path, "diagnose", "run").stdout
    assert "GD007" in gandoctor(tmp_path, "watch", "run").stdout
    assert gandoctor(tmp_path, "report", "run").returncode == 0
    assert "gandoctor run --framework torch" in gandoctor(tmp_path, "treat", "run", "--dry-run").stdout


@pytest.mark.slow
def test_a_program_is_recorded_and_checked(tmp_path):
    assert gandoctor(tmp_path, "run", "--run-dir", "run", SCRIPT, "--", "plain", "6").returncode == 0
    assert load_run(tmp_path / "run").last_step == 6
    done = gandoctor(tmp_path, "check", SCRIPT, "--", "plain", "1000")
    assert "a dry run of 2 steps" in done.stdout
    assert done.returncode == 0


def test_what_needs_tensorflow_says_so(tmp_path):
    done = gandoctor(tmp_path, "run", "--framework", "tensorflow")
    assert done.returncode == 2
    assert "needs TensorFlow, which is not installed" in done.stderr


def test_a_target_brings_its_own_framework(tmp_path):
    done = gandoctor(tmp_path, "run", "--framework", "torch", SCRIPT)
    assert done.returncode == 2
    assert "--framework chooses the reference model" in done.stderr


def test_a_fault_that_pytorchs_model_lacks_is_refused_with_those_it_has(tmp_path):
    done = gandoctor(tmp_path, "run", "--framework", "torch", "--fault", "batch-norm-in-discriminator")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The PyTorch reference model has no fault batch-norm-in-discriminator")
    assert "constant-latent" in done.stderr


def test_the_reference_model_cannot_be_resumed(tmp_path):
    done = gandoctor(tmp_path, "run", "--framework", "torch", "--resume", "--run-dir", "run")
    assert done.returncode == 2
    assert "keeps no checkpoints" in done.stderr
