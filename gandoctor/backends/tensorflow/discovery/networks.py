"""The networks of Keras, as finding the players asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gandoctor.backends.discovery.networks import Source
from gandoctor.backends.tensorflow.discovery import flow
from gandoctor.backends.tensorflow.players.chain import chain_of
from gandoctor.backends.tensorflow.players.weights import inner


class KerasNetworks:
    """See `backends.discovery.networks.Networks`."""

    def sources(self, call: Any, calls: Sequence[Any]) -> Sequence[Source]:
        """Follow tensors through graphs, and by value in eager execution."""
        return flow.sources(call, list(calls))

    def weights(self, network: Any) -> frozenset[int]:
        """Return the weights that were made to be trained, by id of the tf.Variable inside."""
        layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else [network]
        return frozenset(id(inner(v)) for layer in layers for v in getattr(layer, "_trainable_variables", ()))

    def contains(self, outer: Any, part: Any) -> bool:
        """Look through the layers."""
        return outer is not part and any(layer is part for layer in outer._flatten_layers())

    def is_trainable(self, network: Any) -> bool:
        """Frozen layers have none."""
        return bool(network.trainable_variables)

    def joined(self, networks: Sequence[Any], main: Any) -> Any:
        """Make a model of several."""
        return chain_of(networks)

    def name(self, network: Any) -> str:
        """Return the layer's name."""
        return str(network.name)


NETWORKS = KerasNetworks()
