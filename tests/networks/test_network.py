"""A network as its model card describes it."""

from __future__ import annotations

from typing import Any

import pytest

from gandoctor.message import Message
from gandoctor.networks.network import IDLE, INPUT, UnreadableCard, read_network
from gandoctor.store import LayerCard, PlayerCard


def card(*layers: tuple[Any, ...], **fields: Any) -> PlayerCard:
    """A chain of (type, settings[, inputs]); the last layer is the output."""
    cards = [
        LayerCard(name=f"l{i}", type=kind, settings=rest[0] if rest else {}, inputs=rest[1] if rest[1:] else (i - 1,))
        for i, (kind, *rest) in enumerate(layers)
    ]
    known: dict[str, Any] = {"order": "called", "outputs": (len(cards) - 1,), **fields}
    return PlayerCard(name="network", layers=cards, **known)


def test_a_layer_with_an_activation_is_two_stages() -> None:
    network = read_network(card(("Dense", {"activation": "relu"}), ("Flatten",), ("Dense",)), "d")
    assert [stage.role for stage in network.stages] == ["weights", "activation", "shape", "weights"]
    assert [stage.inputs for stage in network.stages] == [(INPUT,), (0,), (1,), (2,)]
    assert network.named(1) == "l0 (relu)"
    assert network.address(1) == "discriminator/l0"
    assert network.outputs == (3,)


def test_before_and_after_look_through_roles() -> None:
    chain = card(("Dense",), ("Dropout", {"rate": 0.5}), ("Reshape",), ("BatchNormalization",), ("Flatten",))
    network = read_network(chain, "g")
    assert network.before(3) == {1}
    assert network.before(3, IDLE) == {0}
    assert network.after(0) == {1}
    assert network.after(0, IDLE) == {3}
    assert network.after(3) == {network.end}
    assert network.before(network.end) == {3}
    assert network.after(INPUT) == {0}


def test_branches_meet() -> None:
    network = read_network(card(("Dense",), ("ReLU", {}, (0,)), ("Reshape", {}, (0,)), ("Add", {}, (1, 2))), "g")
    assert network.after(0) == {1, 3}
    assert network.before(3) == {0, 1}


def test_names_beyond_the_most_are_counted() -> None:
    network = read_network(card(*[("Dense",)] * 4), "g")
    assert str(Message("{layers}", layers=network.listed([0, 1, 2, 3], most=2))) == "l0, l1 and 2 more"
    assert str(Message("{layers}", layers=network.listed([0, 1], most=2))) == "l0 and l1"


UNORDERED = "The order in which the generator calls its layers is not known: "
DAMAGED = "The model card of the generator is damaged: "


@pytest.mark.parametrize(
    ("unreadable", "reason"),
    [
        (None, "The model card does not list the layers of the generator."),
        (PlayerCard(name="network"), "The model card does not list the layers of the generator."),
        (card(("Dense",), order="declared", order_note="it is not built"), UNORDERED + "it is not built."),
        (card(("Dense",), order="unknown"), UNORDERED + "an earlier version of gandoctor wrote the model card."),
        (card(("Dense", {}, (0,))), DAMAGED + "layer l0 has impossible inputs."),
        (card(("Dense", {}, (-2,))), DAMAGED + "layer l0 has impossible inputs."),
        (card(("Dense",), outputs=()), DAMAGED + "it does not name the output."),
        (card(("Dense",), outputs=(1,)), DAMAGED + "it does not name the output."),
    ],
)
def test_a_card_that_does_not_say_how_the_network_is_built(unreadable: PlayerCard | None, reason: str) -> None:
    with pytest.raises(UnreadableCard) as caught:
        read_network(unreadable, "g")
    assert str(caught.value.reason) == reason
