"""The nodes of the graph that a tensor was computed by."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

import torch

NODES_MAX = 50_000
_OWN_FUNCTION: Any = torch.autograd.function.BackwardCFunction
"""The node of a function whose gradient is code in Python, or was compiled: what is inside it shows in no graph."""


def nodes_of(first: Any, ends: Container[Any] = ()) -> Iterator[Any]:
    """Yield the nodes of a graph, at most 50,000 of them, and go no further at some.

    Args:
        first: A tensor's `grad_fn`; None has no nodes.
        ends: The nodes at which to go no further.
    """
    known: set[Any] = set()
    waiting = [first]
    while waiting and len(known) < NODES_MAX:
        node = waiting.pop()
        if node is None or node in known:
            continue
        known.add(node)
        yield node
        if node not in ends:
            waiting += [following for following, _ in node.next_functions]


def is_own_function(node: Any) -> bool:
    """Tell whether a node is a function whose gradient is code in Python, or compiled."""
    return isinstance(node, _OWN_FUNCTION)


def has_own_function(tensor: torch.Tensor) -> bool:
    """Tell whether such a function took part in computing a tensor."""
    return any(map(is_own_function, nodes_of(tensor.grad_fn)))
