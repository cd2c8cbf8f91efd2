"""What an error of a GAN loop means is said for the errors that PyTorch really raises, and for no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.experiments.child.meanings import meaning_of

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402 - PyTorch may not be installed

pytestmark = pytest.mark.training


def no_path() -> None:
    nn.Linear(2, 1)(torch.randn(4, 2)).detach().mean().backward()


def graph_used_up() -> None:
    g, d = nn.Linear(2, 2), nn.Linear(2, 1)
    fake = torch.tanh(g(torch.randn(4, 2)))
    d(fake).mean().backward()
    d(fake).mean().backward()


def moved_in_between() -> None:
    g, d = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    on_fake = d(g(torch.randn(4, 2)))
    optimizer = torch.optim.SGD(d.parameters(), 0.1)
    on_fake.mean().backward(retain_graph=True)
    optimizer.step()
    on_fake.mean().backward()


def logits_for_probabilities() -> None:
    nn.BCELoss()(torch.full((4, 1), 2.0), torch.ones(4, 1))


def labels_of_one_axis() -> None:
    nn.BCEWithLogitsLoss()(torch.zeros(4, 1), torch.ones(4))


@pytest.mark.parametrize(
    ("fails", "names"),
    [
        (no_path, "detach()"),
        (graph_used_up, "fake.detach()"),
        (moved_in_between, "anew"),
        (logits_for_probabilities, "BCEWithLogitsLoss"),
        (labels_of_one_axis, "ones_like"),
    ],
)
def test_errors_of_pytorch(fails: Callable[[], Any], names: str) -> None:
    with pytest.raises((RuntimeError, ValueError)) as raised:
        fails()
    meaning = meaning_of(f"{type(raised.value).__name__}: {raised.value}")
    assert meaning is not None
    assert names in meaning


def test_errors_of_keras_have_a_meaning_and_others_none() -> None:
    assert "numpy()" in (meaning_of("ValueError: No gradients provided for any variable.") or "")
    assert meaning_of("KeyError: 'The optimizer cannot recognize variable dense/kernel, ...'") is not None
    assert meaning_of("ValueError: operands could not be broadcast together") is None
