"""Under MirroredStrategy one run is written, of the gradient that is applied, and training is not changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gandoctor import load_run

pytestmark = pytest.mark.training

SCRIPT = Path(__file__).with_name("mirrored_training.py")


def train(run_dir: Path | str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(run_dir)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_two_replicas_make_one_run(tmp_path: Path) -> None:
    plain, watched = train("none"), train(tmp_path / "run")
    assert plain["weights"] == watched["weights"]
    run = load_run(tmp_path / "run")
    for name in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert run[name].index.tolist() == list(range(1, 13)), name
    # Each replica averages over its half of the batch and Keras sums the two: twice the gradient of the whole batch.
    assert run["d_grad_norm"][1] == pytest.approx(2 * watched["norm"], rel=1e-4)
    assert run["d_loss"][1] == pytest.approx(watched["loss"], rel=1e-5)
    assert (run["d_update_in_d_step"] > 0).all()
    assert (run["d_update_in_g_step"] == 0).all()
    assert [e.kind for e in run.events] == ["started", "ended"]
