"""PyTorch: gradients that are not cleared before a loss is differentiated are seen, and clean loops are not."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

from gandoctor import GANMonitor, diagnose, load_run  # noqa: E402
from gandoctor.rules import Status  # noqa: E402
from gandoctor.store import Run  # noqa: E402

pytestmark = pytest.mark.training


def train(run_dir: Path, clears: str, accumulate: int = 1, detached: bool = False, fakes_detached: bool = True) -> Run:
    """Train twelve steps; `clears` names what is cleared before whose backward: "d: d g: g" is right.

    The discriminator's generated images may or may not be detached; with `detached` the generator's are as well.
    """
    torch.manual_seed(0)
    g, d = nn.Sequential(nn.Linear(3, 6)), nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
    optimizers = {"g": torch.optim.Adam(g.parameters(), 1e-3), "d": torch.optim.Adam(d.parameters(), 1e-3)}
    before = dict(part.split(":") for part in clears.split())
    bce = nn.BCEWithLogitsLoss()
    players = {"generator": g, "discriminator": d, "g_optimizer": optimizers["g"], "d_optimizer": optimizers["d"]}
    with GANMonitor(run_dir, **players, latent_sampler=lambda n: torch.randn(n, 3), strict=True) as monitor:
        for _ in range(12):
            for name in before.get("d", ""):
                optimizers[name].zero_grad()
            for _ in range(accumulate):
                real, fake = torch.randn(8, 6), g(torch.randn(8, 3))
                bce(d(real), torch.ones(8, 1)).backward()
                bce(d(fake.detach() if fakes_detached else fake), torch.zeros(8, 1)).backward()
                d(real).square().mean().backward()  # a penalty, as a third part
            optimizers["d"].step()
            for name in before.get("g", ""):
                optimizers[name].zero_grad()
            fake = g(torch.randn(8, 3))
            bce(d(fake.detach() if detached else fake), torch.ones(8, 1)).backward()
            optimizers["g"].step()
            monitor.step()
    return load_run(run_dir)


def found(run: Run) -> set[str]:
    finding = next(f for f in diagnose(run).checks if f.rule.id == "GD017")
    assert finding.status in (Status.DETECTED, Status.NOT_DETECTED)
    return {e.signal[0] for e in finding.evidence}


@pytest.mark.parametrize("clears", ["d:d g:g", "d:dg g:dg", "d:d g:dg"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_loop_that_clears_in_time_is_clean(clears: str, accumulate: int, tmp_path: Path) -> None:
    run = train(tmp_path / "run", clears, accumulate)
    assert found(run) == set()
    assert (run["d_grad_left_over"] == 0).all()


@pytest.mark.parametrize(("clears", "whose"), [("d:d g:g", set()), ("d:d g:", {"g"}), ("d: g:g", {"d"})])
def test_images_that_are_not_detached_make_no_loss_another_players(
    clears: str, whose: set[str], tmp_path: Path
) -> None:
    run = train(tmp_path / "run", clears, fakes_detached=False)
    assert found(run) == whose


def test_a_generators_loss_without_a_path_to_it_leaves_nothing_that_counts(tmp_path: Path) -> None:
    run = train(tmp_path / "run", "d:d g:g", detached=True)
    assert (run["d_grad_left_over"] == 0).all()


@pytest.mark.parametrize(
    ("clears", "whose"),
    [
        ("g:dg", {"d"}),  # the generator's loss leaves a gradient in the discriminator
        ("g:g", {"d"}),
        ("d:d", {"g"}),  # the generator's own, of every step before
        ("d: g:", {"d", "g"}),
    ],
)
def test_what_is_left_over_is_seen(clears: str, whose: set[str], tmp_path: Path) -> None:
    run = train(tmp_path / "run", clears)
    assert found(run) == whose
    for player in whose:
        assert (run[f"{player}_grad_left_over"].iloc[1:] > 0).all()
