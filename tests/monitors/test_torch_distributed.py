"""GANMonitor where two processes train together with gloo: rank 0 records, and both train the same bits as without."""

import subprocess
import sys
from pathlib import Path

import pytest

from gandoctor import load_run

pytest.importorskip("torch")

pytestmark = pytest.mark.training
SCRIPT = Path(__file__).parents[1] / "experiments" / "torch_scripts" / "two_processes.py"
STEPS = 8


def trained(folder, name):
    done = subprocess.run(
        [sys.executable, SCRIPT, name, folder / f"{name}-rendezvous"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return {kind: sorted(line for line in lines if line.startswith(kind)) for kind in ("rank", "monitor")}, done.stderr


@pytest.mark.slow
def test_rank_0_records_and_no_bit_of_either_changes(tmp_path):
    bare, _ = trained(tmp_path, "bare")
    recorded, said = trained(tmp_path, "run")
    assert recorded["rank"] == bare["rank"]
    assert recorded["monitor"] == ["monitor 0 records", "monitor 1 stands by"]
    assert "Warning" not in said
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["run"], "one run, written by one process"
    run = load_run(tmp_path / "run")
    assert (run.last_step, run.state) == (STEPS, "completed")
    assert [e for e in run.events if e.kind.startswith("monitor")] == []
    for signal in ("d_loss", "g_loss", "d_grad_norm", "g_grad_norm"):
        assert len(run[signal]) == STEPS, signal
    for signal in ("sample_kid", "d_real_logit", "d_update_in_d_step"):
        assert len(run[signal]), signal


@pytest.mark.slow
def test_each_rank_may_be_run_by_gandoctor_and_rank_0_is_recorded(tmp_path):
    bare, _ = trained(tmp_path, "bare")
    ranks = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gandoctor",
                "run",
                "--run-dir",
                f"of-{rank}",
                SCRIPT,
                "--",
                "bare",
                tmp_path / "both",
                str(rank),
            ],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in (0, 1)
    ]
    said = [process.communicate(timeout=300)[0] for process in ranks]
    assert [process.returncode for process in ranks] == [0, 0], said
    assert sorted(line for text in said for line in text.splitlines() if line.startswith("rank")) == bare["rank"]
    run = load_run(tmp_path / "of-0")
    assert (run.last_step, run.state) == (STEPS, "completed")
    assert "trains in several processes, and the one of rank 0 records" in said[1]
    assert not (tmp_path / "of-1").exists()


@pytest.mark.slow
def test_processes_that_a_script_starts_are_not_followed_and_that_is_said(tmp_path):
    command = [sys.executable, "-m", "gandoctor", "run", "--run-dir", "run", SCRIPT, "--", "bare", tmp_path / "both"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 3
    assert "The processes that it started are not followed" in done.stdout + done.stderr
    assert not (tmp_path / "run").exists()
