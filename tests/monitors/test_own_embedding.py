"""`embedding=`: the distance of samples from the real data in features of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.comparison.outcome import QUALITY
from gandoctor.store import Run, load_run

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

pytestmark = pytest.mark.training
LATENT, ROWS = 8, 16
REALS = np.random.default_rng(0).normal(0.5, 0.3, (300, 6)).astype(np.float32)


def recorded(path: Path, embedding: Callable[[Any], Any] | None, shift: float = 0.0, strict: bool = True) -> Run:
    """Train for three steps a generator that begins as the data are, moved by `shift` in the last column."""
    from gandoctor import GANMonitor

    torch.manual_seed(1)
    g, d = nn.Linear(LATENT, 6), nn.Linear(6, 1)
    with torch.no_grad():
        g.weight.copy_(0.3 * torch.eye(6, LATENT))
        g.bias.copy_(torch.tensor([0.5] * 5 + [0.5 + shift]))
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), 1e-6) for n in (g, d))
    bce = nn.BCEWithLogitsLoss()
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    options = {"probe_data": REALS, "latent_sampler": lambda n: torch.randn(n, LATENT), "strict": strict}
    with GANMonitor(path, **players, **options, embedding=embedding) as monitor:
        for step in range(3):
            real, fake = torch.from_numpy(REALS[step * ROWS :][:ROWS]), g(torch.randn(ROWS, LATENT))
            d_opt.zero_grad()
            (bce(d(real), torch.ones(ROWS, 1)) + bce(d(fake.detach()), torch.zeros(ROWS, 1))).backward()
            d_opt.step()
            g_opt.zero_grad()
            bce(d(fake), torch.ones(ROWS, 1)).backward()
            g_opt.step()
            monitor.step()
    return load_run(path)


def test_features_decide_what_is_near(tmp_path: Path) -> None:
    blind = recorded(tmp_path / "blind", lambda x: x[:, :2], shift=5.0)["feature_distance"]
    seeing = recorded(tmp_path / "seeing", lambda x: torch.from_numpy(x[:, -2:]), shift=5.0)["feature_distance"]
    assert (abs(blind) < 0.1).all()
    assert (seeing > 5).all()
    assert QUALITY[0] == "feature_distance", "what the user passed decides where runs are compared"


def test_without_one_nothing_is_said_to_lack(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", None)
    assert "feature_distance" not in run
    assert run.manifest.missing["feature_distance"].code == "not_applicable"


@pytest.mark.parametrize(
    ("embedding", "words"),
    [(lambda x: x.sum(), "return (n, d)"), (lambda x: x[:3], "return (n, d)"), (lambda x: x * np.nan, "NaN")],
)
def test_features_that_are_none_end_this_and_nothing_else(tmp_path: Path, embedding: Any, words: str) -> None:
    with pytest.warns(UserWarning, match="FeatureMonitor") as told:
        run = recorded(tmp_path / "run", embedding, strict=False)
    assert any(words in str(warning.message) for warning in told)
    assert "feature_distance" not in run
    assert "sample_kid" in run
