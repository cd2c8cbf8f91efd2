"""Which batch is the real one is told by where the generator's output lies, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gandoctor import GANMonitor, load_run  # noqa: E402 - PyTorch may not be installed

pytestmark = pytest.mark.training

STEPS = 6
Scores = Callable[[Any, Any, Any], Any]


def apart(d: Any, real: Any, fake: Any) -> Any:
    return d(fake.detach()).mean() - d(real).mean()


def half_of_the_fakes(d: Any, real: Any, fake: Any) -> Any:
    return d(fake.detach()[:4]).mean() - d(real).mean()


def with_a_penalty(d: Any, real: Any, fake: Any) -> Any:
    between = (0.3 * real + 0.7 * fake.detach()).requires_grad_(True)
    (slope,) = torch.autograd.grad(d(between).sum(), between, create_graph=True)
    return apart(d, real, fake) + slope.square().sum()


def one_batch(d: Any, real: Any, fake: Any) -> Any:
    scores = d(torch.cat([real, fake.detach()]))
    return scores[len(real) :].mean() - scores[: len(real)].mean()


def noise_on_both(d: Any, real: Any, fake: Any) -> Any:
    return d(fake.detach() + 0.1 * torch.randn_like(fake)).mean() - d(real + 0.1 * torch.randn_like(real)).mean()


def two_unknown(d: Any, real: Any, fake: Any) -> Any:
    return apart(d, real, fake) - d(real.flip(0)).mean()


def recorded(score: Scores, shape: tuple[int, ...], run_dir: Path, generator_first: bool) -> tuple[Any, list[Any]]:
    torch.manual_seed(0)
    size = int(np.prod(shape))
    g = torch.nn.Sequential(torch.nn.Linear(4, size), torch.nn.Unflatten(1, shape))
    d = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(size, 1))
    optimizers = [torch.optim.SGD(network.parameters(), 0.01) for network in (g, d)]
    batches = []

    def move_d(fake: Any) -> None:
        batches.append(torch.rand(8, *shape))
        optimizers[1].zero_grad()
        score(d, batches[-1], fake).backward()
        optimizers[1].step()

    with GANMonitor(run_dir, generator=g, discriminator=d, g_optimizer=optimizers[0], d_optimizer=optimizers[1]) as m:
        for _ in range(STEPS):
            fake = g(torch.randn(8, 4))
            if not generator_first:
                move_d(fake)
            optimizers[0].zero_grad()
            (-d(fake).mean()).backward()
            optimizers[0].step()
            if generator_first:
                move_d(fake)
            m.step()
    return load_run(run_dir), batches


@pytest.mark.parametrize("score", [apart, half_of_the_fakes, with_a_penalty])
@pytest.mark.parametrize("shape", [(1, 6, 6), (5,)])
@pytest.mark.parametrize("generator_first", [False, True])
def test_the_real_batch_of_every_step_is_measured(
    score: Scores, shape: tuple[int, ...], generator_first: bool, tmp_path: Path
) -> None:
    run, batches = recorded(score, shape, tmp_path / "run", generator_first)
    spread = [float(b.std(dim=0, unbiased=False).mean()) for b in batches]
    np.testing.assert_allclose(run["real_mean"].to_numpy(), [float(b.mean()) for b in batches], rtol=1e-6)
    np.testing.assert_allclose(run["real_spread"].to_numpy(), spread, rtol=1e-6)


@pytest.mark.parametrize("score", [one_batch, noise_on_both, two_unknown])
def test_none_is_told_where_it_is_not_known(score: Scores, tmp_path: Path) -> None:
    run, _ = recorded(score, (1, 6, 6), tmp_path / "run", generator_first=False)
    assert "real_mean" not in run
    assert run.manifest.missing["real_mean"].code == "not_seen"
