"""What a Keras network keeps beside its weights: attributes that Python writes to, and variables Keras knows not of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from gandoctor.backends.keras_networks.layer_card import is_part_of_keras

_OF_EVERY_LAYER = frozenset({*vars(keras.layers.Layer()), *vars(keras.Model())})


@contextmanager
def attributes_kept(network: Any) -> Iterator[None]:
    """Put the attributes of a network's own layers back on leaving, such as a count of its calls.

    For a call that is traced: Python runs then. Containers are written to in copies.
    """
    layers = [layer for layer in network._flatten_layers() if not is_part_of_keras(layer)]
    before = [(layer, _own(layer)) for layer in layers]
    copies: dict[int, Any] = {}  # by what is copied, which several layers may share
    for layer, own in before:
        for name, value in own.items():
            if isinstance(value, list | dict | set | deque):
                vars(layer)[name] = copies.setdefault(id(value), value.copy())
    try:
        yield
    finally:
        for layer, own in before:
            for name in _own(layer).keys() - own.keys():
                del vars(layer)[name]
            vars(layer).update(own)


def _own(layer: Any) -> dict[str, Any]:
    """Return the attributes but for those of every layer, and for layers and variables, which Keras tracks."""
    tracked = (keras.layers.Layer, keras.Variable)
    return {
        name: value
        for name, value in vars(layer).items()
        if name not in _OF_EVERY_LAYER and not isinstance(value, tracked)
    }


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
