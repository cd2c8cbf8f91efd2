"""One optimizer that holds the weights of both players, passed as both."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gandoctor.message import Absent
from gandoctor.rules import Status, find_rule
from gandoctor.store import Run, load_run

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

pytestmark = pytest.mark.training
ROWS, STEPS = 16, 60
bce = nn.BCEWithLogitsLoss()
ONE, ZERO = torch.ones(ROWS, 1), torch.zeros(ROWS, 1)


def in_turn(g: Any, d: Any, optimizer: Any) -> None:
    fake = g(torch.randn(ROWS, 4))
    optimizer.zero_grad()
    (bce(d(torch.rand(ROWS, 6)), ONE) + bce(d(fake.detach()), ZERO)).backward()
    optimizer.step()
    optimizer.zero_grad()
    d.requires_grad_(False)
    bce(d(fake), ONE).backward()
    d.requires_grad_(True)
    optimizer.step()


def at_once(g: Any, d: Any, optimizer: Any) -> None:
    fake = g(torch.randn(ROWS, 4))
    optimizer.zero_grad()
    (bce(d(torch.rand(ROWS, 6)), ONE) + bce(d(fake.detach()), ZERO)).backward()
    d.requires_grad_(False)
    bce(d(fake), ONE).backward()
    d.requires_grad_(True)
    optimizer.step()


def recorded(path: Path, step: Callable[[Any, Any, Any], None]) -> Run:
    from gandoctor import GANMonitor

    torch.manual_seed(1)
    g = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6))
    d = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    both = torch.optim.SGD([*g.parameters(), *d.parameters()], 1e-2)
    players = {"generator": g, "discriminator": d, "g_optimizer": both, "d_optimizer": both}
    with GANMonitor(path, latent_sampler=lambda n: torch.randn(n, 4), real_is_high=True, **players) as monitor:
        for _ in range(STEPS):
            step(g, d, both)
            monitor.step()
    return load_run(path)


def test_steps_in_turn_are_told_apart(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", in_turn)
    assert (run["g_update_in_g_step"] > 0).all()
    assert (run["d_update_in_d_step"] > 0).all()
    assert (run["g_update_in_d_step"] == 0).all()
    assert (run["d_update_in_g_step"] == 0).all()


def test_a_step_of_both_is_nobodys(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        run = recorded(tmp_path / "run", at_once)
    assert any("one optimizer makes both players' steps at once" in str(one.message) for one in told)
    assert run.manifest.missing["g_grad_norm"].code is Absent.NOT_SEEN
    for rule in ("GD002", "GD003", "GD004", "GD005"):
        assert find_rule(rule).evaluate(run).status is not Status.DETECTED
