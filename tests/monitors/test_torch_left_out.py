"""What of a PyTorch program's training no optimizer holds, and what its losses of classes are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import Run, load_run

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed
from torch.nn import functional  # noqa: E402 - likewise

pytestmark = pytest.mark.training
STEPS, ROWS, LATENT = 60, 16, 8
REALS = np.random.default_rng(0).normal(0.5, 0.3, (256, 6)).astype(np.float32)


class Hidden(nn.Module):
    """A discriminator that keeps layers in a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = [nn.Linear(6, 10)]
        self.last = nn.Linear(10, 1)

    def forward(self, rows: Any) -> Any:
        return self.last(torch.tanh(self.hidden[0](rows)))


def recorded(
    path: Path,
    *,
    d: Any = None,
    d_weights: Any = None,
    beside: Any = None,
    perceptual: Any = None,
    classes: Any = None,
) -> Run:
    """Train on rows; `beside` judges too, `perceptual` is in the generator's loss, `classes` in the discriminator's."""
    from gandoctor import GANMonitor

    torch.manual_seed(1)
    g = nn.Sequential(nn.Linear(LATENT, 16), nn.ReLU(), nn.Linear(16, 6))
    d = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)) if d is None else d
    g_opt = torch.optim.SGD(g.parameters(), 1e-2)
    d_opt = torch.optim.SGD(d.parameters() if d_weights is None else d_weights(d), 1e-2)
    bce = nn.BCEWithLogitsLoss()
    players = {"generator": g, "discriminator": d, "g_optimizer": g_opt, "d_optimizer": d_opt}
    options = {"probe_data": REALS, "latent_sampler": lambda n: torch.randn(n, LATENT), "strict": True}
    with GANMonitor(path, **players, **options) as monitor:
        for step in range(STEPS):
            real = torch.from_numpy(REALS[step * ROWS % 240 :][:ROWS])
            fake = g(torch.randn(ROWS, LATENT))
            d_opt.zero_grad()
            d_loss = bce(d(real), torch.ones(ROWS, 1)) + bce(d(fake.detach()), torch.zeros(ROWS, 1))
            if beside is not None:
                d_loss = d_loss + beside(real).mean() - beside(fake.detach()).mean()
            if classes is not None:
                d_loss = d_loss + classes(torch.cat([d(real), -d(real)], 1), torch.arange(ROWS) % 2)
            d_loss.backward()
            d_opt.step()
            g_opt.zero_grad()
            g_loss = bce(d(fake), torch.ones(ROWS, 1))
            if perceptual is not None:
                g_loss = g_loss + perceptual(fake).square().mean()
            g_loss.backward()
            g_opt.step()
            monitor.step()
    return load_run(path)


def left_out(run: Run) -> tuple[int, int, tuple[str, ...]]:
    assert run.manifest.discriminator is not None
    assert run.manifest.generator is not None
    assert run.manifest.generator.left_out.numbers == 0
    card = run.manifest.discriminator.left_out
    return card.numbers, card.unregistered, card.names


def test_all_weights_in_their_optimizers(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", perceptual=nn.Linear(6, 4))  # which is not to move
    assert left_out(run) == (0, 0, ())
    assert find_rule("GD020").evaluate(run).status is Status.NOT_DETECTED


def test_weights_that_were_not_passed(tmp_path: Path) -> None:
    run = recorded(tmp_path / "run", d_weights=lambda d: d[2].parameters())
    assert left_out(run) == (56, 0, ("0.bias", "0.weight"))
    assert find_rule("GD020").evaluate(run).status is Status.DETECTED


def test_frozen_weights_are_not_meant(tmp_path: Path) -> None:
    d = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    d[0].requires_grad_(False)
    assert left_out(recorded(tmp_path / "run", d=d, d_weights=lambda d: d[2].parameters())) == (0, 0, ())


def test_layers_in_a_plain_list(tmp_path: Path) -> None:
    assert left_out(recorded(tmp_path / "run", d=Hidden())) == (70, 70, ())


def test_a_second_discriminator_that_nobody_trains(tmp_path: Path) -> None:
    assert left_out(recorded(tmp_path / "run", beside=nn.Linear(6, 1))) == (7, 7, ())


@pytest.mark.parametrize(
    ("classes", "name", "given"),
    [
        (lambda logits, labels: functional.cross_entropy(logits.softmax(1), labels), "cross_entropy", "probabilities"),
        (lambda logits, labels: nn.CrossEntropyLoss()(logits.softmax(1), labels), "cross_entropy", "probabilities"),
        (lambda logits, labels: functional.cross_entropy(logits, labels), "cross_entropy", "any"),
        (lambda logits, labels: functional.nll_loss(logits.softmax(1), labels), "nll_loss", "probabilities"),
        (lambda logits, labels: nn.NLLLoss()(logits.log_softmax(1), labels), "nll_loss", "log-probabilities"),
    ],
)
def test_what_the_loss_of_classes_is_given(tmp_path: Path, classes: Any, name: str, given: str) -> None:
    run = recorded(tmp_path / "run", classes=classes)
    assert {name: card.given for name, card in run.manifest.loss_calls.items()} == {name: given}
    expected = Status.DETECTED if given == "probabilities" else Status.NOT_DETECTED
    assert find_rule("GD021").evaluate(run).status is expected
    assert functional.cross_entropy.__module__ == "torch.nn.functional"
    assert not hasattr(functional.cross_entropy, "__wrapped__"), "put back"
