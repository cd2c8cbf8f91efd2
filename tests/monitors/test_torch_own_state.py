"""PyTorch: networks that count their calls and keep what they saw are trained as they would be without a monitor."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor, load_run

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from gandoctor.backends.torch.own_state import own_state_kept  # noqa: E402

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT, WIDTH = 20, 16, 4, 6
REALS = np.random.default_rng(0).normal(0.5, 0.3, (256, WIDTH)).astype(np.float32)


class Remembering(nn.Module):  # type: ignore[misc]
    """Its output depends on how often it was called, and on what with."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(inputs, 8), nn.Linear(8, outputs)
        self.calls, self.seen, self.latest = 0, {"least": 0.0}, deque([0.0], maxlen=5)
        self.average, self.means = torch.zeros(8), [0.0]
        self.last.means = self.means  # one list of two modules

    def forward(self, x: Any) -> Any:
        self.calls += 1
        hidden = torch.tanh(self.first(x))
        mean = float(hidden.detach().mean())
        self.average.mul_(0.9).add_(0.1 * hidden.detach().mean(0))
        self.latest.append(mean)
        self.last.means.append(mean)
        self.seen["least"] = min(self.seen["least"], mean)
        if not hasattr(self, "begun_with"):
            self.begun_with = mean
        known = sum(self.latest) + sum(self.means) + self.seen["least"] + self.begun_with
        return self.last(hidden - 0.1 * self.average) * min(1.0, self.calls / 50) + 0.01 * known


class Writing(nn.Module):  # type: ignore[misc]
    """It adds noise to the very tensor it is given."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.last = nn.Linear(inputs, 1)

    def forward(self, x: Any) -> Any:
        x += torch.randn_like(x)
        return self.last(x)


def test_what_a_network_writes_to_its_input_is_not_met_again(tmp_path: Path) -> None:
    g, d = nn.Linear(LATENT, WIDTH), Writing(WIDTH)
    nn.init.ones_(d.last.weight)
    optimizers = {
        "g_optimizer": torch.optim.SGD(g.parameters(), 0.0),
        "d_optimizer": torch.optim.SGD(d.parameters(), 0.0),
    }
    latents = {"latent_sampler": lambda n: torch.randn(n, LATENT)}
    with GANMonitor(
        tmp_path / "run", generator=g, discriminator=d, **optimizers, **latents, probe_data=REALS
    ) as monitor:
        for _ in range(60):
            (d(torch.from_numpy(REALS[:ROWS].copy())).mean() - d(g(torch.randn(ROWS, LATENT))).mean()).backward()
            for optimizer in optimizers.values():
                optimizer.step()
            monitor.step()
    run = load_run(tmp_path / "run")
    spread = run["d_real_logit_quantile/95"] - run["d_real_logit_quantile/5"]
    assert len(spread) > 5
    assert spread.max() < 1.7 * spread.min(), "noise of one pass, not of all of them"
    assert run["d_input_gradient_real"].dropna().to_numpy() == pytest.approx(WIDTH**0.5, rel=1e-4)


def state(network: Remembering) -> list[Any]:
    kept = [network.calls, dict(network.seen), list(network.latest), list(network.means), vars(network)["begun_with"]]
    return [*kept, network.average.tolist(), network.last.means is network.means]


def test_a_pass_leaves_every_attribute_as_it_was() -> None:
    network = Remembering(LATENT, WIDTH)
    objects = {name: id(value) for name, value in vars(network).items()}
    with own_state_kept(network):
        network(torch.randn(3, LATENT))
        assert network.calls == 1
        assert network.last.means is network.means
    assert {name: id(value) for name, value in vars(network).items()} == objects
    assert (network.calls, network.means, list(network.latest), float(network.average.abs().sum())) == (0, [0], [0], 0)


def test_training_is_the_same_bit_for_bit(tmp_path: Path) -> None:
    def trained(path: Path | None) -> list[Any]:
        torch.manual_seed(1)
        g, d = Remembering(LATENT, WIDTH), Remembering(WIDTH, 1)
        g_opt, d_opt = (torch.optim.Adam(n.parameters(), 1e-2) for n in (g, d))
        bce = nn.BCEWithLogitsLoss()
        players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
        latents = {"latent_sampler": lambda n: torch.randn(n, LATENT)}
        monitor = None if path is None else GANMonitor(path, **players, **latents, probe_data=REALS, strict=True)
        if monitor is not None:
            monitor.__enter__()
        for i in range(STEPS):
            real, fake = torch.from_numpy(REALS[i * 8 :][:ROWS]), g(torch.randn(ROWS, LATENT))
            d_opt.zero_grad()
            (bce(d(real), torch.ones(ROWS, 1)) + bce(d(fake.detach()), torch.zeros(ROWS, 1))).backward()
            d_opt.step()
            g_opt.zero_grad()
            bce(d(fake), torch.ones(ROWS, 1)).backward()
            g_opt.step()
            if monitor is not None:
                monitor.step()
        if monitor is not None:
            monitor.close()
        return [*(p.tolist() for p in (*g.parameters(), *d.parameters())), *state(g), *state(d)]

    assert trained(tmp_path / "run") == trained(None)
