"""GANs that Lightning and Hugging Face accelerate train: a callback or a monitor, and `gandoctor run` with no line."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gandoctor import load_run

pytest.importorskip("torch")

pytestmark = pytest.mark.training
SCRIPTS = Path(__file__).parent / "torch_scripts"
STEPS = 12
CASES = {
    "lightning": ("lightning_gan.py", ()),
    "accelerate": ("accelerate_gan.py", ()),
    "accelerate, bfloat16": ("accelerate_gan.py", ("bf16",)),
}


def program(case):
    library = case.partition(",")[0]
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed; the extra dev has it")
    name, arguments = CASES[case]
    return SCRIPTS / name, arguments


def run(folder, *words):
    return subprocess.run([sys.executable, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300)


def weights(done):
    assert done.returncode in (0, 1), done.stderr
    return next(line for line in done.stdout.splitlines() if line.startswith("weights "))


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_training_is_recorded_whole_and_stays_what_it_is(case, tmp_path):
    script, arguments = program(case)
    bare = weights(run(tmp_path, script, "bare", *arguments))
    assert weights(run(tmp_path, script, "own", *arguments)) == bare
    command = ["-m", "gandoctor", "run", "--run-dir", "found", script, "--", "bare", *arguments]
    assert weights(run(tmp_path, *command)) == bare
    for name in ("own", "found"):
        recorded = load_run(tmp_path / name)
        assert (recorded.last_step, recorded.state) == (STEPS, "completed"), name
        assert [e for e in recorded.events if e.kind.startswith("monitor")] == []
        for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
            assert len(recorded[signal]) == STEPS, f"{name}: {signal}"
            assert np.isfinite(recorded[signal]).all()
        for signal in ("d_real_logit", "d_update_in_d_step", "g_update_in_g_step"):
            assert signal in recorded, f"{name}: {signal}"
        assert (recorded["d_grad_norm"] > 0.5).any(), "the norm before clipping"
        assert recorded.manifest.discriminator.optimizer["type"] == "Adam"
        assert recorded.manifest.loss_family == "non_saturating"


@pytest.mark.slow
def test_lightnings_callback_closes_the_run_of_a_training_that_breaks_off(tmp_path):
    script, _ = program("lightning")
    done = run(tmp_path, script, "own", "broken")
    assert "out of patience" in done.stderr
    recorded = load_run(tmp_path / "own")
    assert (recorded.last_step, recorded.state) == (5, "crashed")


def test_lightnings_callback_says_that_automatic_optimization_trains_no_gan(tmp_path):
    script, _ = program("lightning")
    done = run(tmp_path, script, "own", "automatic")
    assert done.returncode == 0
    assert "GAN has automatic optimization" in done.stderr
    assert not (tmp_path / "own").exists()
