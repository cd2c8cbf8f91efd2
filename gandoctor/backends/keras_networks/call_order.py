"""In which order a network calls its layers, and what each is given.

Sequential and functional networks say it themselves. A subclassed one is followed while it is called, where the
framework has a way to do that. Elsewhere, the layers are listed as they are declared, and the card says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from gandoctor.backends.keras_networks.layer_card import (
    is_container,
    is_part_of_keras,
    joined,
    layer_card,
    own_shape,
)
from gandoctor.message import Message
from gandoctor.store import LayerCard

NETWORK_INPUT = -1
"""Stands for the network's own input among the positions of layers."""


class CannotFollow(Exception):
    """The network's calls cannot be followed; `why` says so as a clause."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.why = why


Follow = Callable[[Any], tuple[list[LayerCard], tuple[int, ...]]]
"""Calls a subclassed network to see what it does: returns the cards of its layers and operations in the order of their
calls, and the positions of its outputs. Raises CannotFollow."""


@dataclass(frozen=True)
class LayerOrder:
    """The layers of a network in an order.

    Attributes:
        layers: Their cards.
        outputs: Positions of what produces the network's outputs.
        order: See `PlayerCard`, as is note.
        note: Why the order is only the declared one.
    """

    layers: list[LayerCard]
    outputs: tuple[int, ...]
    order: Literal["called", "declared"]
    note: Message | None = None


class _CallsUnknown(Exception):
    """Something in the network decides by itself, in Python, what it calls."""


def layers_in_order(network: Any, follow: Follow) -> LayerOrder:
    """Return the layers of a network as it calls them, else as they are declared on it.

    Args:
        network: A Keras network.
        follow: Used where the network does not say itself what it calls.
    """
    try:
        listing = _Listing(network)
        outputs = listing.take(network, "", (), [NETWORK_INPUT])
        return LayerOrder(listing.cards, tuple(outputs), "called")
    except _CallsUnknown:
        pass
    try:
        cards, called_outputs = follow(network)
        return LayerOrder(cards, called_outputs, "called")
    except CannotFollow as error:
        declared: list[LayerCard] = []
        _declare(network, "", (), declared, top=network)
        return LayerOrder(declared, (), "declared", error.why)


class _Listing:
    """Collects the cards of Sequential and functional networks, nested ones unfolded."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.cards: list[LayerCard] = []

    def take(
        self, layer: Any, path: str, wrappers: tuple[str, ...], given: Sequence[int], shape: Any = None
    ) -> list[int]:
        """Add a layer or network that is given the outputs at some positions; return the positions of its outputs."""
        within = path if layer is self._network else joined(path, layer.name)
        if is_container(layer):
            if not isinstance(layer, keras.Sequential):
                return self._take_functional(layer, within, given)
            for part in layer.layers:
                given = self.take(part, within, (), given)
            return list(given)
        if isinstance(layer, keras.layers.Wrapper):
            shape = own_shape(layer) if shape is None else shape
            return self.take(layer.layer, within, (*wrappers, type(layer).__name__), given, shape)
        if not is_part_of_keras(layer) and (isinstance(layer, keras.Model) or layer._layers):
            raise _CallsUnknown
        self.cards.append(layer_card(layer, path, wrappers, tuple(dict.fromkeys(given)), shape))
        return [len(self.cards) - 1]

    def _take_functional(self, model: Any, within: str, given: Sequence[int]) -> list[int]:
        if len(model.inputs) != len(given) and list(given) != [NETWORK_INPUT]:
            raise _CallsUnknown
        several = given if len(model.inputs) == len(given) else [NETWORK_INPUT] * len(model.inputs)
        position = {id(tensor): one for tensor, one in zip(model.inputs, several, strict=True)}
        for depth in sorted(model._nodes_by_depth, reverse=True):
            for node in model._nodes_by_depth[depth]:
                if node.is_input or isinstance(node.operation, keras.layers.InputLayer):
                    continue
                if not isinstance(node.operation, keras.Layer):
                    raise _CallsUnknown  # an operation of keras.ops: following the call tells what it does
                inputs = [position[id(tensor)] for tensor in node.input_tensors]
                outputs = self.take(node.operation, within, (), inputs, node.output_tensors[0].shape)
                for i, tensor in enumerate(node.output_tensors):
                    position[id(tensor)] = outputs[min(i, len(outputs) - 1)]
        return [position[id(tensor)] for tensor in model.outputs]


def _declare(layer: Any, path: str, wrappers: tuple[str, ...], cards: list[LayerCard], top: Any) -> None:
    """Add the layers of a network in the order of its attributes."""
    within = path if layer is top else joined(path, layer.name)
    parts = [part for part in layer._layers if not isinstance(part, keras.layers.InputLayer)]
    if isinstance(layer, keras.layers.Wrapper):
        _declare(layer.layer, within, (*wrappers, type(layer).__name__), cards, top)
    elif layer is top or is_container(layer) or (parts and not is_part_of_keras(layer)):
        for part in layer.layers if is_container(layer) else parts:
            _declare(part, within, (), cards, top)
    else:
        cards.append(layer_card(layer, path, wrappers))
