"""Attributes of a Keras network that Python writes to, such as a count of its calls: put back after a pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from gandoctor.backends.keras_networks.layer_card import is_part_of_keras

_OF_EVERY_LAYER = frozenset({*vars(keras.layers.Layer(name="any")), *vars(keras.Model(name="any"))})


@contextmanager
def attributes_kept(network: Any) -> Iterator[None]:
    """Put the attributes of a network's own layers back on leaving, such as a count of its calls.

    Containers are written to in copies, without what is in them.
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
