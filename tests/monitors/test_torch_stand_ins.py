"""Other tensors in the place of a PyTorch network's own: they stand everywhere, and every place is put back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor import GANMonitor

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from gandoctor.backends.torch.stand_ins import standing_in  # noqa: E402

pytestmark = [
    pytest.mark.training,
    pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated"),
]
STEPS, ROWS, LATENT, WIDTH = 12, 16, 4, 6


class Twice(nn.Module):  # type: ignore[misc]
    """Holds its layers by name and in a sequence, as many programs do."""

    def __init__(self, inputs: int, outputs: int, wrap: Callable[[Any], Any] = lambda layer: layer) -> None:
        super().__init__()
        self.first, self.norm = wrap(nn.Linear(inputs, 8)), nn.BatchNorm1d(8)
        self.last = wrap(nn.Linear(8, outputs))
        self.net = nn.Sequential(self.first, self.norm, nn.LeakyReLU(0.2), self.last)

    def forward(self, x: Any) -> Any:
        return self.net(x)


class Tied(nn.Module):  # type: ignore[misc]
    """Two layers have one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.there, self.back = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.back.weight = self.there.weight

    def forward(self, x: Any) -> Any:
        return self.back(self.there(x))


class Recurrent(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, 5, num_layers=2, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.rnn(x[:, None])[0]


def places(network: Any) -> list[int]:
    tensors = [id(t) for m in network.modules() for own in (m._parameters, m._buffers) for t in own.values()]
    return tensors + [id(w) for m in network.modules() if isinstance(m, nn.RNNBase) for w in m._flat_weights]


@pytest.mark.parametrize("make", [lambda: Twice(WIDTH, 3), Tied, Recurrent])
@pytest.mark.parametrize("fails", [False, True])
def test_they_stand_wherever_the_same_one_stands_and_go(make: Callable[[], Any], fails: bool) -> None:
    torch.manual_seed(1)
    one, other = make().eval(), make().eval()
    x, before = torch.randn(9, WIDTH), places(one)
    with torch.no_grad():
        own, expected = one(x), other(x)
        values = {name: t.clone() for name, t in (*other.named_parameters(), *other.named_buffers())}
        try:
            with standing_in(one, values):
                assert torch.equal(one(x), expected)
                assert not torch.equal(expected, own)
                if fails:
                    raise KeyError
        except KeyError:
            pass
        assert torch.equal(one(x), own)
    assert places(one) == before
    assert all(isinstance(p, nn.Parameter) for m in one.modules() for p in m._parameters.values() if p is not None)


@pytest.mark.parametrize("wrap", [lambda layer: layer, nn.utils.weight_norm, nn.utils.spectral_norm])
def test_a_network_with_a_module_under_two_names_is_trained_as_it_would_be(
    tmp_path: Path, wrap: Callable[[Any], Any]
) -> None:
    def trained(path: Path | None) -> list[Any]:
        torch.manual_seed(1)
        g, d = Twice(LATENT, WIDTH, wrap), Twice(WIDTH, 1, wrap)
        start = [p.detach().clone() for p in (*g.parameters(), *d.parameters())]
        g_opt, d_opt = (torch.optim.Adam(n.parameters(), 1e-2) for n in (g, d))
        bce, data = nn.BCEWithLogitsLoss(), torch.from_numpy(reals)

        def step(i: int) -> None:
            real, fake = data[i * ROWS :][:ROWS], g(torch.randn(ROWS, LATENT))
            d_opt.zero_grad()
            (bce(d(real), torch.ones(ROWS, 1)) + bce(d(fake.detach()), torch.zeros(ROWS, 1))).backward()
            d_opt.step()
            g_opt.zero_grad()
            bce(d(fake), torch.ones(ROWS, 1)).backward()
            g_opt.step()

        if path is None:
            for i in range(STEPS):
                step(i)
        else:
            players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
            latents = {"latent_sampler": lambda n: torch.randn(n, LATENT)}
            with GANMonitor(path, **players, **latents, probe_data=reals, strict=True) as monitor:
                for i in range(STEPS):
                    step(i)
                    monitor.step()
        now = [*g.parameters(), *d.parameters()]
        assert not any(torch.equal(a, b) for a, b in zip(start, now, strict=True)), "every weight is trained"
        return [t.detach() for t in (*now, *g.buffers(), *d.buffers(), torch.random.get_rng_state())]

    reals = np.random.default_rng(0).normal(0.5, 0.3, (256, WIDTH)).astype(np.float32)
    for bare, recorded in zip(trained(None), trained(tmp_path / "run"), strict=True):
        assert torch.equal(bare, recorded)
