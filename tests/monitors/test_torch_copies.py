"""PyTorch: a network that is recorded can be copied, pickled and saved whole; copies have nothing of the recording."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gandoctor import GANMonitor

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

pytestmark = pytest.mark.training
COUNTS: list[int] = []


def count(module: Any, args: Any, output: Any) -> None:
    """A hook of the user's own."""
    COUNTS.append(len(output))


class Kept(nn.Module):  # type: ignore[misc]
    """Decides itself what is pickled of it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 1)
        self.cache = open  # no state that can be pickled by value is needed: dropped below

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "cache"}

    def forward(self, x: Any) -> Any:
        return torch.sigmoid(self.layer(x))


def saved(network: Any) -> Any:
    file = io.BytesIO()
    torch.save({"network": network}, file)
    file.seek(0)
    return torch.load(file, weights_only=False)["network"]


@pytest.mark.parametrize("copied", [copy.deepcopy, saved, lambda n: pickle.loads(pickle.dumps(n))])
def test_a_copy_in_the_middle_of_training(tmp_path: Path, copied: Callable[[Any], Any]) -> None:
    g = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6))
    for d in (nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1), nn.Sigmoid()), Kept()):
        own = g.register_forward_hook(count)
        optimizers = [torch.optim.SGD(n.parameters(), 1e-2) for n in (g, d)]
        players = dict(
            zip(("generator", "discriminator", "g_optimizer", "d_optimizer"), (g, d, *optimizers), strict=True)
        )
        latents = {"latent_sampler": lambda n: torch.randn(n, 4), "probe_data": torch.randn(64, 6).numpy()}
        run_dir = tmp_path / type(d).__name__
        copies = []

        def fakes() -> Any:
            return g(torch.randn(8, 4))

        with GANMonitor(run_dir, **players, **latents, strict=True) as monitor:
            for step in range(6):
                for optimizer, given in ((optimizers[1], lambda: torch.randn(8, 6)), (optimizers[0], fakes)):
                    optimizer.zero_grad()
                    d(given()).mean().backward()
                    optimizer.step()
                monitor.step()
                if step == 3:
                    copies = [copied(g), copied(d), copied({"all": [g, d]})["all"][0]]
        for one, network in zip(copies, (g, d, g), strict=True):
            hooks = [hook for module in one.modules() for hook in module._forward_hooks.values()]
            assert hooks == ([count] if network is g else [])
            assert not any("__reduce_ex__" in vars(module) for module in one.modules())
            pairs = zip(one.parameters(), network.parameters(), strict=True)
            assert not any(torch.equal(a, b) for a, b in pairs), "the copy stays as it was then"
            before = len(COUNTS)
            one(torch.randn(3, 4 if network is g else 6))
            assert len(COUNTS) == before + (network is g)
        own.remove()
        for network in (g, d):
            assert not any(module._forward_hooks or "__reduce_ex__" in vars(module) for module in network.modules())
            assert pickle.loads(pickle.dumps(network)) is not network
