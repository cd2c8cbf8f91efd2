"""What a critic's loop differentiates piece by piece, with signs and without detaching, is recorded as its losses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from gandoctor import GANMonitor, load_run  # noqa: E402
from gandoctor.rules import Status, find_rule  # noqa: E402
from support.rarely import rarely  # noqa: E402

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT, WIDTH = 30, 16, 4, 6
REALS = np.random.default_rng(0).normal(0.5, 0.3, (256, WIDTH)).astype(np.float32)


@pytest.mark.parametrize(
    ("critic_updates", "detached", "together"),
    [(1, False, False), (3, False, False), rarely(3, True, False), (1, True, True)],
)
def test_losses_are_those_of_the_updates(tmp_path: Path, critic_updates: int, detached: bool, together: bool) -> None:
    """`together`: both losses are differentiated before both updates."""
    torch.manual_seed(1)
    g = nn.Sequential(nn.Linear(LATENT, 8), nn.ReLU(), nn.Linear(8, WIDTH))
    d = nn.Sequential(nn.Linear(WIDTH, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    g_opt, d_opt = (torch.optim.RMSprop(n.parameters(), 1e-3) for n in (g, d))
    one = torch.tensor(1.0)
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    latents = {"latent_sampler": lambda n: torch.randn(n, LATENT)}
    d_losses, g_losses = [], []
    with GANMonitor(tmp_path / "run", **players, **latents, probe_data=REALS, strict=True) as monitor:
        for i in range(STEPS):
            for _ in range(critic_updates):
                d_opt.zero_grad()
                on_real = d(torch.from_numpy(REALS[i * 8 :][:ROWS])).mean()
                on_real.backward(-one)
                fake = g(torch.randn(ROWS, LATENT))
                on_fake = d(fake.detach() if detached else fake).mean()
                on_fake.backward(one)
                points = fake.detach().clone().requires_grad_()
                (slope,) = torch.autograd.grad(d(points).sum(), points, create_graph=True)
                penalty = 10 * (slope.norm(dim=1) - 1).square().mean()
                penalty.backward()
                if not together:
                    d_opt.step()
            g_opt.zero_grad()
            score = d(g(torch.randn(ROWS, LATENT))).mean()
            score.backward(-one)
            if together:
                d_opt.step()
            g_opt.step()
            monitor.step()
            d_losses.append((on_fake - on_real + penalty).item())
            g_losses.append(-score.item())
    run = load_run(tmp_path / "run")
    assert run["d_loss"].to_numpy() == pytest.approx(np.array(d_losses), rel=1e-4, abs=1e-5)
    assert run["g_loss"].to_numpy() == pytest.approx(np.array(g_losses), rel=1e-4, abs=1e-5)
    if critic_updates == 3:  # after one update the penalty leaves hinge possible
        assert run.manifest.loss_family == "wasserstein"
    assert find_rule("GD017").evaluate(run).status is Status.NOT_DETECTED


def test_a_loss_whose_gradients_are_cleared_without_an_update_is_none(tmp_path: Path) -> None:
    torch.manual_seed(1)
    g, d = nn.Linear(LATENT, WIDTH), nn.Linear(WIDTH, 1)
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), 1e-3) for n in (g, d))
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    losses = []
    with GANMonitor(tmp_path / "run", **players, latent_sampler=lambda n: torch.randn(n, LATENT)) as monitor:
        for i in range(STEPS):
            g_opt.zero_grad()
            (-d(g(torch.randn(ROWS, LATENT))).mean()).backward()
            g_opt.step()
            for _ in range(1 + i % 3):  # skipped but for the last one
                d_opt.zero_grad()
                on_real = d(torch.from_numpy(REALS[:ROWS])).mean()
                loss = d(g(torch.randn(ROWS, LATENT)).detach()).mean() - on_real
                loss.backward()
            d_opt.step()
            monitor.step()
            losses.append(loss.item())
    run = load_run(tmp_path / "run")
    assert run["d_loss"].to_numpy() == pytest.approx(np.array(losses), rel=1e-4, abs=1e-5)
