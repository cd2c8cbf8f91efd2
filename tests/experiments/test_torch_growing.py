"""A training whose images grow, from a script: samples and real data are taken up anew at each size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gandoctor import GANMonitor, diagnose, load_run
from gandoctor.report.page.filmstrip import filmstrip
from gandoctor.report.page.sheets import sheets
from gandoctor.rules import Status
from reference_models.datasets import load_images
from support.child_environment import child_environment
from support.command_line_runs import command_here

pytest.importorskip("torch")
pytestmark = pytest.mark.training
SCRIPT = Path(__file__).parent / "scripts" / "torch_growing.py"
STEPS = 40


@pytest.mark.slow
def test_what_grows_is_followed_and_stays_what_it_is(tmp_path: Path) -> None:
    pixels = load_images().pixels[:400, 6:22, 6:22, 0]
    np.save(tmp_path / "digits.npy", pixels.astype(np.float32) / 255)
    bare = subprocess.run(
        [sys.executable, SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=True, env=child_environment()
    )
    recorded = command_here("run", "--run-dir", "run", SCRIPT, cwd=tmp_path)
    assert "weights" in bare.stdout
    assert bare.stdout.splitlines()[-1] in recorded.stdout.splitlines()
    run = load_run(tmp_path / "run")
    assert [(e.kind, e.step) for e in run.events if e.kind.startswith(("data", "monitor"))] == [
        ("data_changed", STEPS + 1),
        ("data_changed", 2 * STEPS + 1),
    ]
    assert run.manifest.data is not None
    assert (run.manifest.data.shape, run.manifest.data_since) == ((16, 16, 1), 2 * STEPS + 1)
    assert run.reals is not None
    assert run.reals.shape[1:] == (16, 16, 1)
    sizes = {sheet.fakes().shape[1]: sheet.step for sheet in run.sheets}  # size -> its last step
    assert list(sizes) == [4, 8, 16]
    assert sizes[4] <= STEPS < sizes[8] <= 2 * STEPS < sizes[16]
    kid = run["sample_kid"].dropna()
    assert kid.index.min() > STEPS, "4 x 4 pixels are too few"
    assert kid.index.max() == run.last_step == 3 * STEPS
    judged = run.of_present_data()
    assert judged["sample_kid"].index.min() > 2 * STEPS
    assert judged["real_mean"].index.min() == 2 * STEPS + 1
    assert [sheet.fakes().shape[1] for sheet in judged.sheets] == [16] * len(judged.sheets)
    assert len(judged["d_loss"]) == len(run["d_loss"])
    assert run.until(STEPS).of_present_data()["real_mean"].index.max() == STEPS, "as it was then"
    diagnosis = diagnose(run)
    shown = [view.frame.step for view in sheets(diagnosis, filmstrip(run, ()), None) if view.moves]
    assert len(shown) == 2
    assert min(shown) > 2 * STEPS, "the first screen compares samples of one size"
    found = {f.rule.id for f in diagnosis.findings if f.status is Status.DETECTED}
    assert "GD012" not in found, "another size is no order of the batches"


def test_series_of_any_length_are_not_followed_for_ever(tmp_path: Path) -> None:
    import torch
    from torch import nn

    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(x.mean(1))

    class Series(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.each = nn.Linear(2, 3)

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return self.each(z)

    g, d = Series(), Mean()
    optimizers = {f"{n}_optimizer": torch.optim.SGD(m.parameters(), 1e-3) for n, m in (("g", g), ("d", d))}
    latents = {"latent_sampler": lambda n: torch.randn(n, 5, 2)}
    with GANMonitor(tmp_path / "run", generator=g, discriminator=d, **optimizers, **latents, strict=True) as monitor:
        for step in range(40):
            length = 3 + step % 7
            (d(g(torch.randn(8, length, 2)).detach()).mean() - d(torch.randn(8, length, 3)).mean()).backward()
            optimizers["d_optimizer"].step()
            d(g(torch.randn(8, length, 2))).mean().backward()
            optimizers["g_optimizer"].step()
            monitor.step()
    run = load_run(tmp_path / "run")
    assert [e.kind for e in run.events].count("data_changed") == 12
    assert not [e for e in run.events if e.kind.startswith("monitor")]
    assert len(run.of_present_data()["real_mean"]) > 20
