"""A player's weights grouped by the layer they belong to, which is named as on the model card."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras

from gandoctor.backends.keras_networks.layer_card import is_container, is_part_of_keras, joined
from gandoctor.recording.in_step import LAYERS_MAX


@dataclass(frozen=True)
class LayerWeights:
    """The weights of a player's layers that were created to be trained.

    Attributes:
        layers: Address of a layer, as `LayerCard` has it -> its weights; layers without any are left out.
        left_out: How many layers had to be left out as there are too many.
    """

    layers: dict[str, list[Any]]
    left_out: int = 0

    @property
    def variables(self) -> list[Any]:
        """The weights of all these layers, one layer after the other."""
        return [v for variables in self.layers.values() for v in variables]

    def by_layer(self, values: Any) -> dict[str, Any]:
        """Take apart what has one entry a variable, in the order of `variables`."""
        found, first = {}, 0
        for name, variables in self.layers.items():
            found[name] = values[first : first + len(variables)]
            first += len(variables)
        return found


def weights_to_train(network: Any) -> list[Any]:
    """Return the weights that a network's layers were created to train, in the layers' order.

    A `trainable` flag that is switched between the phases changes neither which they are nor their order.
    """
    layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else [network]
    # Once each: a wrapper may hold a weight of what it wraps as its own (SpectralNormalization's kernel).
    return list({id(v): v for layer in layers for v in getattr(layer, "_trainable_variables", ())}.values())


def layer_weights(network: Any) -> LayerWeights:
    """Group a network's weights by layer, in the order in which its layers are declared.

    A layer of Keras that holds others (attention) is one, as on the card. One that is used twice counts once.
    """
    found: dict[str, list[Any]] = {}
    _collect(network, "", network, found, set())
    if len(found) <= LAYERS_MAX:
        return LayerWeights(found)
    sizes = {name: sum(math.prod(v.shape) for v in variables) for name, variables in found.items()}
    largest = set(sorted(sizes, key=lambda name: -sizes[name])[:LAYERS_MAX])
    kept = {name: variables for name, variables in found.items() if name in largest}
    return LayerWeights(kept, len(found) - len(kept))


def _collect(layer: Any, path: str, network: Any, found: dict[str, list[Any]], seen: set[int]) -> None:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    address = path if layer is network else joined(path, layer.name)
    parts = list(layer.layers) if is_container(layer) else list(layer._layers)
    holds = isinstance(layer, keras.layers.Wrapper) or is_container(layer) or not is_part_of_keras(layer)
    if holds and parts:
        # A wrapper may hold a weight of what it wraps as its own (SpectralNormalization's kernel).
        within = {id(v) for part in parts for v in _weights(part)}
        _add(address or layer.name, [v for v in layer._trainable_variables if id(v) not in within], found)
        for part in parts:
            _collect(part, address, network, found, seen)
    else:
        _add(address or layer.name, _weights(layer), found)


def _weights(layer: Any) -> list[Any]:
    return list({id(v): v for inside in layer._flatten_layers() for v in inside._trainable_variables}.values())


def _add(address: str, variables: list[Any], found: dict[str, list[Any]]) -> None:
    if not variables:
        return
    name, count = address, 1
    while name in found:  # two layers of one name in one place
        count += 1
        name = f"{address} ({count})"
    found[name] = list(variables)
