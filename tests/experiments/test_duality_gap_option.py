"""`gandoctor run --duality-gap`: of a factory's loop, and of a script that knows nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gandoctor import load_run
from support.command_line_runs import command_here

pytest.importorskip("torch")

pytestmark = pytest.mark.training

LOOP = """
import torch
from torch import nn

def loop(steps, step_done, g, d):
    x = torch.randn(64, 3) + 2
    a, b, bce = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters()), nn.BCEWithLogitsLoss()
    one, zero = torch.ones(32, 1), torch.zeros(32, 1)
    for i in range(steps):
        f = g(torch.randn(32, 4))
        b.zero_grad(); (bce(d(x[32 * (i % 2):][:32]), one) + bce(d(f.detach()), zero)).backward(); b.step()
        a.zero_grad(); bce(d(f), one).backward(); a.step()
        step_done()

def players():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 3)), nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(), nn.Linear(8, 1))
"""
FACTORY = """
from gandoctor.experiments import LoopTraining

def build(steps=6):
    g, d = players()
    given = {"latent_sampler": lambda n: torch.randn(n, 4)}
    return LoopTraining(g, d, lambda done: loop(steps, done, g, d), steps, probe_data=torch.randn(64, 3), monitor=given)
"""
SCRIPT = """
loop(40, lambda: None, *players())
"""


@pytest.mark.slow
def test_a_factory_s_loop_is_measured_where_it_is_asked_for_and_at_its_end(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(LOOP + FACTORY)
    made = ("run", "--run-dir", "run", "--steps", "12", "--duality-gap", "8", "--fail-on", "never", "mine:build")
    done = command_here(*made, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert load_run(tmp_path / "run")["duality_gap"].index.tolist() == [8, 12]


@pytest.mark.slow
def test_a_script_is_measured_on_what_it_feeds(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(LOOP + SCRIPT)
    made = ("run", "--run-dir", "run", "--duality-gap", "30", "--fail-on", "never", "train.py")
    done = command_here(*made, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = load_run(tmp_path / "run")
    assert run["duality_gap"].index.tolist() == [30], run.manifest.missing.get("duality_gap")
