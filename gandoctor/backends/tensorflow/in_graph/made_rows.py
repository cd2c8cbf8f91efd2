"""Which rows of a batch in a graph the generator has made, and which of its channels: told by the operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gandoctor.backends.tensorflow.discovery.flow import is_made_of

_PASSING = frozenset({"Cast", "CheckNumerics", "EnsureShape", "Identity", "PreventGradient", "StopGradient"})
_ARITHMETIC = frozenset({"Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum"})
_DEPTH = 32


@dataclass(frozen=True)
class Rows:
    """Rows of a batch that stand beside each other.

    Attributes:
        tensor: What they were put in as; as many rows as they are.
        is_made: Whether they are made of what the generator has returned.
    """

    tensor: Any
    is_made: bool


def rows_of(tensor: Any, made: list[Any]) -> list[Rows]:
    """Return what a batch was put together of, in order; a batch that was not is one.

    Arithmetic between a batch and something that the generator has not made leaves its rows where they are. What else
    is done to a batch of both kinds makes all of it the generator's: no row of it is known to be real.

    Args:
        tensor: Of the graph being traced.
        made: What the generator has returned in it.
    """
    current = tensor
    for _ in range(_DEPTH):
        axis = _axis(current)
        if axis == 0:
            return [part for t in current.op.inputs[:-1] for part in rows_of(t, made)]
        followed = _followed(current, made)
        if followed is None:
            break
        current = followed
    return [Rows(tensor, is_made_of(tensor, made))]


def which_are_real(rows: list[Rows]) -> Any:
    """Return 1 for every row that is real and 0 for every other, float32 (n,)."""
    return tf.concat([tf.fill([tf.shape(one.tensor)[0]], 0.0 if one.is_made else 1.0) for one in rows], 0)


def channels_of(tensor: Any, made: list[Any]) -> tuple[int, int] | None:
    """Return which channels of a batch hold the generator's images; None where all do, or it is not told."""
    current = tensor
    for _ in range(_DEPTH):
        axis, rank = _axis(current), current.shape.rank
        if axis is not None and rank is not None and axis in (-1, rank - 1):
            parts = list(current.op.inputs)[:-1]
            own = [i for i, part in enumerate(parts) if is_made_of(part, made)]
            widths = [part.shape[-1] for part in parts]
            if len(own) != 1 or None in widths:
                return None
            start = sum(widths[: own[0]])
            return start, start + widths[own[0]]
        followed = _followed(current, made)
        if followed is None:
            return None
        current = followed
    return None


def _axis(tensor: Any) -> int | None:
    """Return along which axis batches were put together to make a tensor; None where they were not."""
    if tensor.op.type != "ConcatV2":
        return None
    axis = tf.get_static_value(tensor.op.inputs[-1])
    return None if axis is None else int(axis)


def _followed(tensor: Any, made: list[Any]) -> Any | None:
    """Return the batch whose rows a tensor has, where an operation has left them where they were."""
    op = tensor.op
    if op.type in _PASSING:
        return op.inputs[0]
    if op.type in _ARITHMETIC:
        own = [t for t in op.inputs if is_made_of(t, made)]
        if len(own) == 1 and own[0].shape.rank == tensor.shape.rank:
            return own[0]
    return None
