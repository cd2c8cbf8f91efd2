"""Flow: whose output enters which network, in a graph by its operations, in eager execution by the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.discovery.networks import NetworkCall, Source
from gandoctor.backends.discovery.rows import share_rows

OPERATIONS_MAX = 20_000
"""Operations of a graph that are looked through for one input."""
ENTRIES = ("Placeholder", "IteratorGetNext")
"""Operations by which data come into a graph."""


def sources(call: NetworkCall, calls: list[NetworkCall]) -> list[Source]:
    """Return the networks whose output enters a call, without another network of the list in between.

    What comes from elsewhere (data, latents) is one source more, whose network is None.

    Args:
        call: The call.
        calls: All calls that are known, this one included.
    """
    found: dict[int, NetworkCall | None] = {}
    others = [other for other in calls if other.network is not call.network]
    made_by: dict[int, list[NetworkCall | None]] = {}
    for other in others:
        for tensor in other.outputs:
            made_by.setdefault(identity(tensor), []).append(other)
    for tensor in call.inputs:
        if _graph(tensor) is None:
            reached = _made_eagerly(tensor, made_by, others)
        else:
            reached, entered = _reached_in_graph(tensor, made_by)
            for entry in entered:
                value = call.given.get(identity(entry))
                reached += [None] if value is None else _made_eagerly(value, made_by, others)
        found |= {id(one): one for one in reached}
    return [Source(one) for one in found.values()]


def _made_eagerly(
    tensor: Any, made_by: dict[int, list[NetworkCall | None]], others: list[NetworkCall]
) -> list[NetworkCall | None]:
    """Return the calls that have made a value: this very one, or one whose rows are among its own."""
    made = made_by.get(id(tensor), [])
    if made:
        return made
    found: list[NetworkCall | None] = []
    rows = 0
    for other in others:
        alike = [o for o in other.outputs if _graph(o) is None and share_rows(_array(o), _array(tensor))]
        found += [other] if alike else []
        rows += max((len(o) for o in alike), default=0)
    return found if found and rows >= len(tensor) else [*found, None]


def is_made_of(tensor: Any, outputs: list[Any]) -> bool:
    """Tell whether a tensor is one of these, or in a graph made of one."""
    if any(tensor is output for output in outputs):
        return True
    if _graph(tensor) is None:
        return False
    made_by: dict[int, list[NetworkCall | None]] = {identity(o): [None] for o in outputs if _graph(o) is not None}
    return bool(_reached_in_graph(tensor, made_by)[0])


def _reached_in_graph(
    tensor: Any, made_by: dict[int, list[NetworkCall | None]]
) -> tuple[list[NetworkCall | None], list[Any]]:
    """Walk back from a symbolic tensor to the first outputs of networks on every way, and to data that enters."""
    entered: list[Any] = []
    found: dict[int, NetworkCall | None] = {}
    waiting = [tensor]
    known: set[int] = set()
    while waiting and len(known) < OPERATIONS_MAX:
        current = waiting.pop()
        if id(current) in known:
            continue
        known.add(id(current))
        made = made_by.get(identity(current))
        if made:
            found |= {id(one): one for one in made}
            continue
        if current.op.type in ENTRIES and current.dtype not in (tf.resource, tf.variant):
            entered.append(current)
        waiting.extend(current.op.inputs)
    return list(found.values()), entered


def resources_of(tensor: Any, ends: Sequence[Any] = ()) -> set[int]:
    """Return the handles of the variables, by id, that a symbolic tensor was computed from.

    Args:
        tensor: In a graph.
        ends: Tensors at which to go no further.
    """
    stop = {identity(end) for end in ends if _graph(end) is not None}
    captured = {id(inside): outside for outside, inside in getattr(tensor.graph, "captures", ())}
    found: set[int] = set()
    known: set[int] = set()
    waiting = [tensor]
    while waiting and len(known) < OPERATIONS_MAX:
        current = waiting.pop()
        if id(current) in known or identity(current) in stop:
            continue
        known.add(id(current))
        if current.dtype == tf.resource:
            found.add(id(captured.get(id(current), current)))
        waiting.extend(current.op.inputs)
    return found


def _graph(tensor: Any) -> Any:
    return None if not tf.is_tensor(tensor) or isinstance(tensor, tf.__internal__.EagerTensor) else tensor.graph


def identity(tensor: Any) -> int:
    """Tell a tensor from all others; a symbolic one by its graph and name, as it may come as several objects."""
    return hash((id(tensor.graph), tensor.name)) if _graph(tensor) is not None else id(tensor)


def _array(value: Any) -> np.ndarray | None:
    if _graph(value) is not None:
        return None
    array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    return array if array.dtype.kind == "f" else None
