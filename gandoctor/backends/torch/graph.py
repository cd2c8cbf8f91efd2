"""The nodes of the graph that a tensor was computed by."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

NODES_MAX = 50_000


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
