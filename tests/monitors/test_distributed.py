"""Under tf.distribute one run is written, of the gradient that is applied, and training is not changed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gandoctor import load_run
from gandoctor.message import Absent

pytestmark = [pytest.mark.training, pytest.mark.slow]

HERE = Path(__file__).parent
LONGEST_S = 300
"""Workers that wait for each other would wait for ever."""
STEPS, RATE = 30, 0.1
"""As in multiworker_training.py."""


def together(*commands: list[str]) -> list[dict[str, Any]]:
    """Run scripts side by side and return what each printed last; none outlives the first that fails, nor the limit."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    running = [
        subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        for command in commands
    ]
    printed = []
    try:
        for process in running:
            out, errors = process.communicate(timeout=LONGEST_S)
            assert process.returncode == 0, errors[-3000:]
            printed.append(json.loads(out.splitlines()[-1]))
    finally:
        for process in running:
            process.kill()
            process.communicate()
    return printed


def free_ports(count: int) -> list[str]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("localhost", 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Two replicas in one process: what they found, and where their runs are."""
    root = tmp_path_factory.mktemp("mirrored")
    (result,) = together([str(HERE / "mirrored_training.py"), str(root)])
    return result, root


def test_two_replicas_make_one_run(mirrored: tuple[dict[str, Any], Path]) -> None:
    result, root = mirrored
    assert result["plain"] == result["watched"]
    run = load_run(root / "fit")
    for name in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert run[name].index.tolist() == list(range(1, 13)), name
    # Each replica averages over its half of the batch and Keras sums the two: twice the gradient of the whole batch.
    assert run["d_grad_norm"][1] == pytest.approx(2 * result["norm"], rel=1e-4)
    assert run["d_loss"][1] == pytest.approx(result["loss"], rel=1e-5)
    assert (run["d_update_in_d_step"] > 0).all()
    assert (run["d_update_in_g_step"] == 0).all()
    assert {e.kind for e in run.events} == {"started", "checkpoint", "ended"}


def test_a_loop_over_replicas_is_recorded_before_clipping(mirrored: tuple[dict[str, Any], Path]) -> None:
    result, root = mirrored
    run = load_run(root / "loop")
    assert run["d_grad_norm"].size == run["g_grad_norm"].size == run["d_loss"].size == 12
    assert run["d_grad_norm"][1] == pytest.approx(2 * result["norm"], rel=1e-4)
    assert run["d_loss"][1] == pytest.approx(result["loss"], rel=1e-5), "each replica's loss was passed"
    assert run["d_update_in_d_step"][1] < 0.01


def test_guards_work_over_replicas(mirrored: tuple[dict[str, Any], Path]) -> None:
    result, root = mirrored
    assert result["doomed"] == [True, "GD001"]
    assert [e.kind for e in load_run(root / "doomed").events] == ["started", "guard", "ended"]
    run = load_run(root / "fit")
    *_, kept = [e for e in run.events if e.kind == "checkpoint"]
    kid = run["sample_kid"]
    assert kept.step == kid[kid.index > 0].idxmin()
    if kept.step == run.last_step:
        assert result["best"] == result["watched"]["g"]
    else:
        assert result["best"] != result["watched"]["g"]


@pytest.mark.parametrize("style", ["fit", "loop"])
def test_of_two_workers_the_chief_records(style: str, tmp_path: Path) -> None:
    """By fit every worker has a monitor and guards; in the loop only the chief has one, and clips the generator."""
    ports = ",".join(free_ports(2))
    script, run_dir = str(HERE / "multiworker_training.py"), tmp_path / "run"
    workers = together(*([script, style, str(i), ports, str(run_dir)] for i in (0, 1)))
    for worker in workers:
        assert worker["plain"] == worker["watched"]
    assert workers[0]["watched"] != workers[1]["watched"], "each keeps its own batch-norm statistics"
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    run = load_run(run_dir)
    for name in ("d_loss", "g_loss", "d_grad_norm"):
        assert run[name].index.tolist() == list(range(1, STEPS + 1)), name
    assert ("g_grad_norm" in run) == (style == "fit")
    for player in "d" if style == "loop" else "dg":
        # Plain SGD: the weights move by the rate times the gradient that all workers summed.
        moved = run[f"{player}_update_in_{player}_step"]
        assert {1, 2} <= set(moved.index)
        applied = run[f"{player}_grad_norm"][moved.index]
        assert moved.to_numpy() == pytest.approx(RATE * applied.to_numpy(), rel=1e-4)
    assert run["sample_kid"].size > 3
    assert run.state == "completed"
    kinds = {e.kind for e in run.events}
    if style == "fit":
        assert kinds == {"started", "monitor_warning", "checkpoint", "ended"}
        (warning,) = workers[0]["warnings"]
        assert "StopOnFinding stops nothing" in warning
        assert (run_dir / "best_generator.weights.h5").exists()
        assert run.manifest.players["d_loss"] == "returned as d_loss, this worker's share"
    else:
        assert kinds == {"started", "ended"}
        assert workers[0]["warnings"] == []
        assert run.manifest.missing["g_grad_norm"].code == Absent.NOT_SUMMED
        assert (run["g_update_in_g_step"] > 0).all()
    assert workers[1]["warnings"] == []
