"""Players: a network inside what PyTorch wraps it in, and several networks that the program calls one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

_WRAPPED_IN = ("module", "_orig_mod")
"""Where `DataParallel`, `DistributedDataParallel` and `torch.compile` hold the network itself."""

_WRAPPERS_OF_OPTIMIZERS = ("AcceleratedOptimizer", "LightningOptimizer")


class Chain(torch.nn.Sequential):
    """Several networks as one. The program goes on calling them one by one; this one is called by monitors only."""


def chain_of(networks: Sequence[torch.nn.Module]) -> torch.nn.Module:
    """Return the networks as one; a single one as it is."""
    return networks[0] if len(networks) == 1 else Chain(*networks)


def members_of(network: torch.nn.Module) -> list[torch.nn.Module]:
    """Return the networks that a player is made of, as the program calls them."""
    return list(network.children()) if isinstance(network, Chain) else [network]


def inner(network: Any) -> Any:
    """Return a network without its wrappers: a pass through them would talk to other processes, or compile."""
    if isinstance(network, Chain):
        return Chain(*map(inner, network.children()))
    # What `torch.compile` returns is told by its name: importing its class would take seconds.
    wrappers = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while isinstance(network, wrappers) or type(network).__name__ == "OptimizedModule":
        modules = vars(network)["_modules"]
        network = next(modules[name] for name in _WRAPPED_IN if name in modules)
    return network


def inner_optimizer(optimizer: Any) -> Any:
    """Return an optimizer without what accelerate or Lightning wrap it in."""
    while not isinstance(optimizer, torch.optim.Optimizer) or type(optimizer).__name__ in _WRAPPERS_OF_OPTIMIZERS:
        held = getattr(optimizer, "optimizer", None)
        if held is None or held is optimizer:
            return optimizer
        optimizer = held
    return optimizer


def name_of(network: torch.nn.Module) -> str:
    """Return a network's class, of several the classes in order."""
    return "_and_".join(type(inner(member)).__name__ for member in members_of(network))
