"""Stand-ins: other tensors in the place of a network's own for one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch


@contextmanager
def standing_in(network: torch.nn.Module, values: Mapping[str, torch.Tensor]) -> Iterator[None]:
    """Put tensors in the place of parameters and buffers, wherever the same one stands; put those back on leaving.

    `torch.func.functional_call` does so too, but a module that a network holds under two names is left with the
    tensors that stood in (PyTorch 2.13), and would be trained no more. Recurrent layers list their weights a second
    time, which it overlooks.

    Args:
        network: The network.
        values: Name -> tensor, names as `named_parameters` and `named_buffers` have them: of a shared one the first.
    """
    own = dict(chain(network.named_parameters(), network.named_buffers()))
    instead = {id(own[name]): value for name, value in values.items()}
    places: list[tuple[dict[str, Any], str, Any]] = []
    flat = [(module, module._flat_weights) for module in network.modules() if isinstance(module, torch.nn.RNNBase)]
    for module in network.modules():
        for tensors in (module._parameters, module._buffers):
            places += [(tensors, name, tensor) for name, tensor in tensors.items() if id(tensor) in instead]
    try:
        for tensors, name, tensor in places:
            tensors[name] = instead[id(tensor)]
        for module, weights in flat:
            module._flat_weights = [instead.get(id(weight), weight) for weight in weights]
        yield
    finally:
        for tensors, name, tensor in places:
            tensors[name] = tensor
        for module, weights in flat:
            module._flat_weights = weights
