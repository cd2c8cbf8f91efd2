"""What a network keeps in plain attributes, such as a counter of its calls: a pass gets copies of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

NUMBERS_MAX = 2**22
"""Numbers of a tensor that is copied; a larger one is a table, and not written to."""
_OF_EVERY_MODULE = frozenset(vars(torch.nn.Module()))
"""Parameters, buffers, modules, hooks and mode: others see to them."""


@contextmanager
def own_state_kept(network: torch.nn.Module) -> Iterator[None]:
    """Let the modules of a network write to copies of their attributes, and put the attributes back on leaving.

    Containers are copied without what is in them, tensors with it. Objects of other classes are not copied.
    """
    before = [(module, _own(module)) for module in network.modules()]
    copies: dict[int, Any] = {}  # by what is copied, which several modules may share
    for module, own in before:
        for name, value in own.items():
            if isinstance(value, list | dict | set | deque):
                vars(module)[name] = copies.setdefault(id(value), value.copy())
            elif isinstance(value, torch.Tensor) and value.numel() <= NUMBERS_MAX:
                vars(module)[name] = copies.setdefault(id(value), value.detach().clone())
    try:
        yield
    finally:
        for module, own in before:
            for name in _own(module).keys() - own.keys():
                del vars(module)[name]
            vars(module).update(own)


def _own(module: torch.nn.Module) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name not in _OF_EVERY_MODULE}
