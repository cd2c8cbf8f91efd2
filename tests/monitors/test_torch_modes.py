"""In which mode a PyTorch program trains its players, and along which axis its recurrent layers run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import Run, load_run

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from support.rarely import rarely  # noqa: E402

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT = 80, 16, 8


def recorded(path: Path, g: Any, d: Any, reals: np.ndarray, eval_at: int | None = None, again: bool = False) -> Run:
    """Train; at a step the generator is put into inference mode to draw, and back again or not."""
    from gandoctor import GANMonitor

    torch.manual_seed(1)
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), 1e-3) for n in (g, d))
    bce = nn.BCEWithLogitsLoss()
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    options = {"probe_data": reals, "latent_sampler": lambda n: torch.randn(n, LATENT), "strict": True}
    with GANMonitor(path, **players, **options) as monitor:
        for step in range(STEPS):
            real = torch.from_numpy(reals[step * ROWS % 240 :][:ROWS])
            fake = g(torch.randn(ROWS, LATENT))
            d_opt.zero_grad()
            (bce(d(real), torch.ones(ROWS, 1)) + bce(d(fake.detach()), torch.zeros(ROWS, 1))).backward()
            d_opt.step()
            g_opt.zero_grad()
            bce(d(fake), torch.ones(ROWS, 1)).backward()
            g_opt.step()
            monitor.step()
            if step + 1 == eval_at:
                g.eval()
                with torch.no_grad():
                    g(torch.randn(20, LATENT))
                g.train(again)
    return load_run(path)


def rows() -> tuple[Any, Any, np.ndarray]:
    g = nn.Sequential(nn.Linear(LATENT, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 6))
    d = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    return g, d, np.random.default_rng(0).normal(0.5, 0.3, (256, 6)).astype(np.float32)


def mode(run: Run) -> tuple[int, int, int | None]:
    card = run.manifest.generator
    assert card is not None
    assert card.mode is not None
    return card.mode.calls, card.mode.inference_calls, card.mode.inference_since


def test_training_mode_is_the_rule(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", *rows())
    assert mode(run) == (STEPS, 0, None)
    assert find_rule("GD023").evaluate(run).status is Status.NOT_DETECTED


def test_a_generator_that_is_not_put_back(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", *rows(), eval_at=10)
    assert mode(run) == (10, STEPS - 10, 10)
    assert find_rule("GD023").evaluate(run).status is Status.DETECTED


def test_a_generator_that_is_put_back(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", *rows(), eval_at=10, again=True)
    assert mode(run) == (STEPS, 0, None)


class Recurrent(nn.Module):
    """Judges series (n, 12, 3)."""

    def __init__(self, batch_first: bool, swaps: bool = False) -> None:
        super().__init__()
        self.rnn, self.last, self.swaps = nn.GRU(3, 8, batch_first=batch_first), nn.Linear(8 * 12, 1), swaps

    def forward(self, series: Any) -> Any:
        states = self.rnn(series.transpose(0, 1))[0].transpose(0, 1) if self.swaps else self.rnn(series)[0]
        return self.last(states.reshape(len(series), -1))


@pytest.mark.parametrize(
    ("batch_first", "swaps", "expected"),
    [
        rarely(True, False, Status.NOT_DETECTED),
        rarely(False, False, Status.DETECTED),
        (False, True, Status.NOT_DETECTED),
    ],
)
def test_recurrent_layers(tmp_path: Path, batch_first: bool, swaps: bool, expected: Status) -> None:
    g = nn.Sequential(nn.Linear(LATENT, 36), nn.Unflatten(1, (12, 3)))
    series = np.random.default_rng(0).normal(0.5, 0.3, (256, 12, 3)).astype(np.float32)
    run = recorded(tmp_path / "run", g, Recurrent(batch_first, swaps), series)
    assert find_rule("GD024").evaluate(run).status is expected
