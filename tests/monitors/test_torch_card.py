"""The model card of a PyTorch network: what its forward computes outside of modules is in it, in the order of calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from gandoctor.backends.torch.card import called  # noqa: E402
from gandoctor.networks.network import read_network  # noqa: E402
from gandoctor.rules import Status, find_rule  # noqa: E402
from gandoctor.store import Manifest, PlayerCard, Run  # noqa: E402

pytestmark = pytest.mark.training


class Pair(torch.nn.Module):  # type: ignore[misc]
    """Two layers with a function of the test's own between them."""

    def __init__(self, between: Callable[[Any], Any]) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 1)
        self.between = between

    def forward(self, x: Any) -> Any:
        return self.second(self.between(self.first(x)))


def card_of(between: Callable[[Any], Any]) -> PlayerCard:
    return called(Pair(between), None, (torch.ones(2, 4),), {})


def is_called_linear(card: PlayerCard) -> bool:
    run = Run.from_signals({}, Manifest(generator=card, discriminator=card))
    return find_rule("GD118").evaluate(run).status is Status.DETECTED


@pytest.mark.parametrize(
    "activation",
    [
        torch.relu,
        torch.nn.functional.leaky_relu,
        lambda x: x.relu_(),
        lambda x: x.clamp_(min=0),
        lambda x: torch.nn.functional.elu_(x),
        lambda x: x.sigmoid_(),
        lambda x: x * torch.sigmoid(x),
        lambda x: torch.where(x > 0, x, 0.1 * x),
        lambda x: x * (x > 0),
        lambda x: torch.maximum(x, 0.2 * x),
    ],
    ids=["relu", "leaky", "relu_", "clamp_", "elu_", "sigmoid_", "swish", "where", "mask", "maximum"],
)
def test_an_activation_by_a_function_is_seen(activation: Callable[[Any], Any]) -> None:
    card = card_of(activation)
    assert len(card.layers) > 2
    assert not is_called_linear(card)


@pytest.mark.parametrize(
    "nothing",
    [lambda x: x, lambda x: torch.nn.functional.dropout(x, 0.0, training=False), lambda x: x.view(2, 4).contiguous()],
    ids=["nothing", "dropout that is off", "shape"],
)
def test_what_changes_no_value_is_no_activation(nothing: Callable[[Any], Any]) -> None:
    card = card_of(nothing)
    assert read_network(card, "g").stages
    assert is_called_linear(card)
