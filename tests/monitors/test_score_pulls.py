"""Which way each loss pulls the discriminator's scores is its gradient's sign, whatever terms it is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor, load_run
from gandoctor.rules import Status, find_rule
from gandoctor.store import Run

pytestmark = pytest.mark.training

STEPS = 40
NAMES = ("real_score_pull_in_d_step", "fake_score_pull_in_d_step", "fake_score_pull_in_g_step")
REALS = np.random.default_rng(0).normal(0.5, 0.3, (640, 6)).astype(np.float32)


def torch_run(path: Path, losses: Callable[..., tuple[Any, Any]], **options: Any) -> Run:
    """Train on rows in PyTorch; `losses(d, real, fake)` returns both players' losses of one batch."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    g = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 6))
    d = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.LeakyReLU(0.2), torch.nn.Linear(16, 1))
    maximize = options.pop("maximize", False)
    g_opt = torch.optim.SGD(g.parameters(), 1e-2)
    d_opt = torch.optim.SGD(d.parameters(), 1e-2, maximize=maximize)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    with GANMonitor(path, strict=True, probe_data=REALS, **players) as monitor:
        for step in range(STEPS):
            real = torch.from_numpy(REALS[16 * step : 16 * (step + 1)])
            d_opt.zero_grad()
            losses(d, real, g(torch.randn(16, 4)).detach())[0].backward()
            d_opt.step()
            g_opt.zero_grad()
            losses(d, real, g(torch.randn(16, 4)))[1].backward()
            g_opt.step()
            monitor.step()
    return load_run(path)


def softplus(x: Any) -> Any:
    import torch

    return torch.nn.functional.softplus(x)


def sound(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
    on_real, on_fake = d(real), d(fake)
    return softplus(-on_real).mean() + softplus(on_fake).mean(), softplus(-on_fake).mean() + ((real - fake) ** 2).mean()


def reversed_for_both(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
    on_real, on_fake = d(real), d(fake)
    return softplus(on_real).mean() + softplus(-on_fake).mean(), softplus(on_fake).mean() + ((real - fake) ** 2).mean()


def towards_the_fakes_label(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
    d_loss, _ = sound(d, real, fake)
    return d_loss, 0.2 * softplus(d(fake)).mean() + ((real - fake) ** 2).mean()


def relativistic(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
    on_real, on_fake = d(real), d(fake)
    return softplus(on_fake - on_real).mean(), softplus(on_real - on_fake).mean()


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        (sound, (1, -1, 1)),
        (reversed_for_both, (-1, 1, -1)),
        (towards_the_fakes_label, (1, -1, -1)),
        (relativistic, (1, -1, 1)),
    ],
)
def test_the_sign_is_that_of_the_loss(tmp_path: Path, losses: Any, expected: tuple[int, ...]) -> None:
    run = torch_run(tmp_path / "run", losses)
    for name, sign in zip(NAMES, expected, strict=True):
        assert len(run[name]) >= 30, name
        np.testing.assert_allclose(run[name], sign, atol=1e-6, err_msg=name)
    status = find_rule("GD008").evaluate(run).status
    assert status is not Status.DETECTED or expected[1] == expected[2]


def test_a_loss_that_is_raised_pulls_the_other_way(tmp_path: Path) -> None:
    def raised(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
        d_loss, g_loss = sound(d, real, fake)
        return -d_loss, g_loss

    run = torch_run(tmp_path / "run", raised, maximize=True)
    assert [float(run[name].median()) for name in NAMES] == pytest.approx([1, -1, 1])


def test_code_that_turns_the_gradient_round_is_not_judged(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    class Reversed(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.view_as(x)

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return -gradient

    def one_loss_for_both(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
        d_loss = softplus(-d(real)).mean() + softplus(d(fake)).mean()
        return d_loss, softplus(d(Reversed.apply(fake))).mean()

    run = torch_run(tmp_path / "run", one_loss_for_both)
    assert NAMES[2] not in run
    assert find_rule("GD008").evaluate(run).status is not Status.DETECTED


def test_points_of_a_penalty_are_neither_real_nor_generated(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    def penalised(d: Any, real: Any, fake: Any) -> tuple[Any, Any]:
        between = (0.3 * real + 0.7 * fake.detach()).requires_grad_(True)
        (slope,) = torch.autograd.grad(torch.sigmoid(d(between)).sum(), between, create_graph=True)
        return d(fake).mean() - d(real).mean() + 10 * (slope.norm(dim=1) - 1).square().mean(), -d(fake).mean()

    run = torch_run(tmp_path / "run", penalised)
    assert [float(run[name].min()) for name in NAMES] == pytest.approx([1, -1, 1])


def test_images_beside_a_condition_and_in_one_batch_are_known_again(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    from gandoctor.backends.torch.pulls import _made_rows

    made, real = torch.randn(8, 2, 4, 4), torch.randn(8, 2, 4, 4)
    beside = torch.cat([torch.ones(8, 3, 4, 4), made], 1)
    assert _made_rows(beside, [made]).all()
    assert _made_rows(torch.cat([made, beside[:, :3]], 1), [made]).all()
    assert _made_rows(torch.cat([real, made]), [made]).tolist() == [False] * 8 + [True] * 8
    assert not _made_rows(real, [made]).any()
    assert _made_rows(made.flatten(1), [made]).all()
    assert _made_rows((made + 0.1).requires_grad_(), [made]).all(), "changed on its way"


def known_fakes(path: Path, fakes: Callable[[int], Any], joined: bool = False) -> Run:
    """Train a discriminator on fakes that `fakes` returns for each step, and the generator on what it makes itself."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    g = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 6))
    d = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.LeakyReLU(0.2), torch.nn.Linear(16, 1))
    g_opt, d_opt = torch.optim.SGD(g.parameters(), 1e-2), torch.optim.SGD(d.parameters(), 1e-2)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    kept = torch.empty(16, 6)  # as a loader that fills one tensor again and again
    with GANMonitor(path, strict=True, probe_data=REALS, **players) as monitor:
        for step in range(STEPS):
            real = kept.copy_(torch.from_numpy(REALS[16 * step : 16 * (step + 1)]))
            fake = fakes(step)
            d_opt.zero_grad()
            if joined:
                on_real, on_fake = d(torch.cat([real, fake])).chunk(2)
            else:
                on_real, on_fake = d(real), d(fake)
            (softplus(-on_real) + softplus(on_fake)).mean().backward()
            d_opt.step()
            g_opt.zero_grad()
            softplus(-d(g(torch.randn(16, 4)))).mean().backward()
            g_opt.step()
            monitor.step()
    return load_run(path)


def test_fakes_that_come_again_are_known(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    fixed = torch.randn(16, 6)
    run = known_fakes(tmp_path / "fixed", lambda step: fixed)
    assert set(run["stale_fake_share"].iloc[1:]) == {1.0}
    assert find_rule("GD027").evaluate(run).status is Status.DETECTED
    new = known_fakes(tmp_path / "new", lambda step: torch.randn(16, 6))
    assert set(new["stale_fake_share"]) == {0.0}
    assert find_rule("GD027").evaluate(new).status is Status.NOT_DETECTED


def test_fakes_that_were_just_made_are_not_stale(tmp_path: Path) -> None:
    run = torch_run(tmp_path, sound)
    assert "stale_fake_share" not in run
    assert run.manifest.missing["stale_fake_share"].code == "not_applicable"
    assert find_rule("GD027").evaluate(run).status is Status.NOT_DETECTED


def test_one_batch_of_both_sides_is_not_told_apart(tmp_path: Path) -> None:
    """Its rows are pulled both ways, and only the whole of it is known: nothing is claimed."""
    torch = pytest.importorskip("torch")
    fixed = torch.randn(16, 6)
    run = known_fakes(tmp_path, lambda step: fixed, joined=True)
    assert "stale_fake_share" not in run
    assert find_rule("GD027").evaluate(run).status is Status.NOT_EVALUATED
