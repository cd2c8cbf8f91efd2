"""Which of the numbers that a loss is given are scores of real images, and their labels: told by the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.discovery.flow import identity, is_made_of
from gandoctor.backends.tensorflow.in_graph.made_rows import Rows
from gandoctor.backends.tensorflow.in_graph.made_rows import which_are_real as which_rows_are_real

_ONE_BY_ONE = frozenset(
    {"Cast", "EnsureShape", "ExpandDims", "Identity", "Reshape", "Sigmoid", "Squeeze", "StopGradient"}
)
"""Operations that leave numbers in their order, (n, 1) as (n,) and the like."""
_ARITHMETIC = {"Add": np.add, "AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply}
_DEPTH = 32
_T = TypeVar("_T")


class CannotFollow(Exception):
    """Says why, as the end of a sentence."""


def calls_behind(scores: Any, calls: Sequence[_T], outputs: Sequence[Any]) -> list[_T]:
    """Return the calls whose outputs a tensor is made of."""
    return [call for call, output in zip(calls, outputs, strict=True) if is_made_of(scores, [output])]


def which_are_real(scores: Any, rows: Mapping[int, list[Rows]]) -> tuple[Any, list[bool]]:
    """Return which numbers are scores of real images, bool in the shape of the scores; and of each part of them.

    Args:
        scores: What a loss is given, in the graph being traced.
        rows: `identity` of an output that they go back to -> the rows of images it is of, in order.

    Raises:
        CannotFollow: Numbers of both kinds come together, or change places in a way that is not known.
    """
    if not any(part.is_made for parts in rows.values() for part in parts):
        return tf.ones(tf.shape(scores), tf.bool), [True]
    mask, parts = _followed(scores, rows, _DEPTH)
    return tf.reshape(mask, tf.shape(scores)), parts


def _followed(tensor: Any, rows: Mapping[int, list[Rows]], depth: int) -> tuple[Any, list[bool]]:
    """Return which numbers of a tensor are of real images, in its shape, and of each part along its rows."""
    own = rows.get(identity(tensor))
    if own is not None:
        along = tf.reshape(which_rows_are_real(own) > 0.5, [-1, *[1] * (tensor.shape.rank - 1)])
        return tf.broadcast_to(along, tf.shape(tensor)), [not part.is_made for part in own]
    op = tensor.op
    if op.type in _ONE_BY_ONE and depth:
        mask, parts = _followed(op.inputs[0], rows, depth - 1)
        return tf.reshape(mask, tf.shape(tensor)), parts
    if op.type == "ConcatV2" and tf.get_static_value(op.inputs[-1]) == 0 and depth:
        found = [_followed(part, rows, depth - 1) for part in op.inputs[:-1]]
        return tf.concat([mask for mask, _ in found], 0), [one for _, parts in found for one in parts]
    if op.type == "Split" and tf.get_static_value(op.inputs[0]) == 0 and depth:
        mask, parts = _followed(op.inputs[1], rows, depth - 1)
        if len(parts) == len(op.outputs):  # as many pieces as kinds, of one size
            number = tensor.value_index
            return tf.split(mask, len(parts))[number], [parts[number]]
    raise CannotFollow(f"what becomes of its scores on their way into the loss is not followed ({op.type})")


def largest_label(labels: Any, parts: Sequence[bool]) -> float:
    """Return the largest label of real images.

    Args:
        labels: What a loss is given, in the graph being traced.
        parts: Of the parts of a batch, in order: whether they are real.

    Raises:
        CannotFollow: The labels are not known before the step, or which are of which part is not.
    """
    found = _parts_of(labels, _DEPTH)
    if len(found) == 1:
        return found[0]
    if len(found) != len(parts):
        raise CannotFollow("which of its labels are of real images is not known")
    return max(label for label, is_real in zip(found, parts, strict=True) if is_real)


def _parts_of(labels: Any, depth: int) -> list[float]:
    """Return the labels of each part that a batch of them was put together of; of a constant, each run of its rows."""
    value = tf.get_static_value(labels)
    if value is not None:
        flat = np.asarray(value, np.float64).ravel()
        return [float(v) for i, v in enumerate(flat) if not i or v != flat[i - 1]]
    op = labels.op
    if op.type == "ConcatV2" and tf.get_static_value(op.inputs[-1]) == 0 and depth:
        return [one for part in op.inputs[:-1] for one in _parts_of(part, depth - 1)]
    if op.type in _ONE_BY_ONE | {"BroadcastTo"} and depth:
        return _parts_of(op.inputs[0], depth - 1)
    if op.type in ("OnesLike", "ZerosLike"):
        return [float(op.type == "OnesLike")]
    if op.type == "Fill" and depth:
        return _parts_of(op.inputs[1], depth - 1)
    if op.type in _ARITHMETIC and depth:
        first, second = (_parts_of(t, depth - 1) for t in op.inputs)
        if len(first) == len(second) or 1 in (len(first), len(second)):
            return [float(v) for v in np.atleast_1d(_ARITHMETIC[op.type](first, second))]
    raise CannotFollow(f"the labels of its real images are not known before the step ({op.type})")
