"""Of several things that a discriminator returns its score counts, also where features come before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed
from torch.nn import functional  # noqa: E402

from gandoctor import GANMonitor, load_run  # noqa: E402
from gandoctor.backends.torch.passes import main_of  # noqa: E402
from gandoctor.rules import Status, find_rule  # noqa: E402

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT, WIDTH = 30, 16, 4, 6
REALS = np.random.default_rng(0).normal(0.5, 0.3, (256, WIDTH)).astype(np.float32)


class Judge(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = nn.Linear(WIDTH, 8), nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        features = functional.leaky_relu(self.hidden(x), 0.2)
        return {"features": features, "score": self.out(features)}


def test_the_score_is_judged_and_not_the_features(tmp_path: Path) -> None:
    torch.manual_seed(1)
    g, d = nn.Sequential(nn.Linear(LATENT, 8), nn.ReLU(), nn.Linear(8, WIDTH)), Judge()
    d.out.bias.data.fill_(-3.0)  # no feature is below zero by much
    g_opt, d_opt = (torch.optim.SGD(n.parameters(), 1e-4) for n in (g, d))
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    bce, one, zero = functional.binary_cross_entropy_with_logits, torch.ones(ROWS, 1), torch.zeros(ROWS, 1)
    latents = {"latent_sampler": lambda n: torch.randn(n, LATENT)}
    with GANMonitor(tmp_path / "run", **players, **latents, probe_data=REALS, strict=True) as monitor:
        for _ in range(STEPS):
            fake = g(torch.randn(ROWS, LATENT))
            d_opt.zero_grad()
            real = d(torch.from_numpy(REALS[:ROWS]))
            (bce(real["score"], one) + bce(d(fake.detach())["score"], zero)).backward()
            d_opt.step()
            g_opt.zero_grad()
            bce(d(fake)["score"], one).backward()
            g_opt.step()
            monitor.step()
    run = load_run(tmp_path / "run")
    assert (run["d_real_logit"].to_numpy() < -2).all()
    assert run.manifest.loss_family == "non_saturating"
    assert find_rule("GD118").evaluate(run).status is Status.NOT_DETECTED


def test_what_says_one_number_a_place_is_the_score() -> None:
    features, vector, score, places = (torch.zeros(2, *shape) for shape in ((8, 4, 4), (9,), (1,), (1, 3, 3)))
    assert main_of("d", (features, score)) is score
    assert main_of("d", [[features, places], [features]]) is places
    assert main_of("d", (places, score)) is places
    assert main_of("d", (vector, features)) is vector
    assert main_of("g", (features, score)) is features
