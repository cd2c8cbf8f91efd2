"""Chain: a player that the program makes of several networks, each fed by the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras


class Chain(keras.Sequential):
    """Several networks as one. The program goes on calling them one by one; this one is called by monitors only."""

    @property
    def members(self) -> list[Any]:
        """The networks, in order."""
        return [layer for layer in self.layers if not isinstance(layer, keras.layers.InputLayer)]


def chain_of(networks: Sequence[Any]) -> Any:
    """Return the networks as one; a single one as it is."""
    if len(networks) == 1:
        return networks[0]
    chain = Chain(list(networks), name="_and_".join(network.name for network in networks))
    shape = getattr(networks[0], "input_shape", None)
    if not chain.built and isinstance(shape, tuple):
        chain.build(shape)
    return chain


def members_of(network: Any) -> list[Any]:
    """Return the networks that a player is made of, as the program calls them."""
    return network.members if isinstance(network, Chain) else [network]
