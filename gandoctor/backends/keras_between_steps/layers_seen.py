"""What the layers of a network do in one of our passes: the logits of a final sigmoid, and the live ReLU units."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from gandoctor.backends.keras_networks.batches import judges_one_by_one
from gandoctor.backends.keras_networks.layer_card import is_container, is_part_of_keras
from gandoctor.backends.keras_networks.relu import ends_in_relu


class LayersSeen:
    """What was seen in one pass.

    Args:
        with_units: Whether ReLU units are looked at.

    Attributes:
        sigmoids: What each sigmoid returned, and what it was given.
    """

    def __init__(self, with_units: bool) -> None:
        self.sigmoids: list[tuple[Any, Any]] = []
        self._with_units = with_units
        self._alive: list[np.ndarray] = []
        self._depth = 0

    def alive(self, network: Any) -> np.ndarray | None:
        """Return the ReLU units, True where one was not 0 throughout; None where there may be others.

        A unit is what a weight vector makes: a channel of an image-like output, an entry of a flat one.
        """
        if not self._with_units:
            return np.zeros(0, bool)
        if not judges_one_by_one(network):
            return None  # code of the user's own may compute ReLUs that are no layer
        return np.concatenate([np.zeros(0, bool), *self._alive])

    def logit(self, output: Any) -> Any:
        """Return an output before a final sigmoid; the output itself where there is none.

        Raises:
            ValueError: A sigmoid may have made it, which cannot be told while JAX traces.
        """
        for made, given in reversed(self.sigmoids):
            if made is output:
                return given
            if math.prod(made.shape) == math.prod(output.shape) and _are_equal(made, output):
                return keras.ops.reshape(given, output.shape)
        return output

    def take_sigmoid(self, original: Callable[..., Any], given: Any) -> Any:
        """Call a sigmoid and remember it."""
        made = original(given)
        self.sigmoids.append((made, given))
        return made

    def take_layer(self, layer: Any, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a layer of Keras; where it ends in a ReLU, look at what it returns."""
        self._depth += 1
        try:
            outputs = original(*args, **kwargs)
        finally:
            self._depth -= 1
        if self._with_units and not self._depth and keras.ops.is_tensor(outputs) and ends_in_relu(layer):
            self._add(keras.ops.convert_to_numpy(outputs), getattr(layer, "data_format", None))
        return outputs

    def _add(self, outputs: np.ndarray, data_format: str | None) -> None:
        if outputs.ndim < 2:
            return
        first = outputs.ndim > 2 and (data_format or keras.config.image_data_format()) == "channels_first"
        unit = 1 if first else outputs.ndim - 1
        self._alive.append((outputs != 0).any(axis=tuple(axis for axis in range(outputs.ndim) if axis != unit)))


@contextmanager
def layers_seen(network: Any, with_units: bool) -> Iterator[LayersSeen]:
    """Look at what the layers of a network do inside the block; they are as they were when it ends.

    Args:
        network: A Keras network.
        with_units: Whether ReLU units are wanted.
    """
    seen = LayersSeen(with_units)
    before: list[tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = []
    for layer in network._flatten_layers():
        if not is_part_of_keras(layer) or is_container(layer) or isinstance(layer, keras.layers.Wrapper):
            continue
        replaced = {"call": _watched_call(seen, layer)}
        if getattr(getattr(layer, "activation", None), "__name__", None) == "sigmoid":
            replaced["activation"] = _watched_sigmoid(seen, layer.activation)
        own = {name: layer.__dict__[name] for name in replaced if name in layer.__dict__}
        before.append((layer.__dict__, own, tuple(replaced)))
        layer.__dict__.update(replaced)  # Keras tracks attributes that are set the ordinary way
    try:
        yield seen
    finally:
        for attributes, own, names in before:
            for name in names:
                attributes.pop(name, None)
            attributes.update(own)


def _watched_call(seen: LayersSeen, layer: Any) -> Callable[..., Any]:
    original = layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        return seen.take_layer(layer, original, args, kwargs)

    return call


def _watched_sigmoid(seen: LayersSeen, original: Callable[..., Any]) -> Callable[..., Any]:
    def sigmoid(given: Any) -> Any:
        return seen.take_sigmoid(original, given)

    return sigmoid


def _are_equal(made: Any, output: Any) -> bool:
    """Tell whether an output holds the same numbers, in whatever shape."""
    try:
        arrays = [keras.ops.convert_to_numpy(value).reshape(-1) for value in (made, output)]
    except Exception as error:
        raise ValueError("its output is not that of its sigmoid") from error
    return bool(np.array_equal(*arrays))
