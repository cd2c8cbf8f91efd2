"""Compute a tensor of the training graph anew, where the program's own must not be read."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

_ARITHMETIC = frozenset(
    {"Add", "AddV2", "BiasAdd", "Cast", "Conv2D", "Identity", "MatMul", "Mul", "Neg", "RealDiv", "Reshape", "Squeeze"}
    | {"Sub"}
)
"""Operations that TensorFlow's graph optimizer regroups with those around them, and what they are made of."""
_OPERATIONS_MAX = 16


def anew(tensor: Any) -> Any:
    """Return a tensor of an outer graph, its last arithmetic operations made again in the current one.

    TensorFlow's graph optimizer turns `1 - (x + b)` into `(1 - x) - b` where nothing else reads the sum. A copy of the
    sum would read it, and change the last bit of the weights. What the sum is made of may be read.

    Args:
        tensor: Of the graph being traced, of one around it, or eager. Eager tensors are returned as they are.
    """
    if tf.executing_eagerly() or not hasattr(tensor, "graph") or tensor.graph is tf.compat.v1.get_default_graph():
        return tensor
    return _made(tensor, {})


def _made(tensor: Any, done: dict[Any, Any]) -> Any:
    op = tensor.op
    if op.type not in _ARITHMETIC or op.control_inputs or len(done) >= _OPERATIONS_MAX:
        return tensor
    if op not in done:
        done[op] = None  # counts towards the limit while its inputs are made
        inputs = [_made(t, done) for t in op.inputs]
        done[op] = tf.compat.v1.get_default_graph().create_op(
            op.type, inputs, [t.dtype for t in op.outputs], attrs=dict(op.node_def.attr), op_def=op.op_def
        )
    return done[op].outputs[tensor.value_index]
