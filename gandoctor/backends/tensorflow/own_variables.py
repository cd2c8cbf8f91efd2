"""Variables that a network keeps beside its weights, which Keras does not know of: a pass leaves them as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf


@contextmanager
def variables_kept(graph: Any) -> Iterator[None]:
    """Put the variables that a traced call captures back on leaving: it may assign to a `tf.Variable` of the network.

    Keras's own are arguments of the calls that are made here, and are not captured.

    Args:
        graph: The traced call's.
    """
    handles = [(external, kind) for external, _ in graph.captures if (kind := _held_in(external)) is not None]
    values = [tf.raw_ops.ReadVariableOp(resource=handle, dtype=kind) for handle, kind in handles]
    try:
        yield
    finally:
        for (handle, _), value in zip(handles, values, strict=True):
            tf.raw_ops.AssignVariableOp(resource=handle, value=value)


def _held_in(tensor: Any) -> Any:
    """Return the type of the numbers in a variable, by its handle; None of what is no variable's."""
    data = getattr(tensor, "_handle_data", None)
    if tensor.dtype != tf.resource or data is None or len(data.shape_and_type) != 1:
        return None
    return tf.as_dtype(data.shape_and_type[0].dtype)
