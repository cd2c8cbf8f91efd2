"""The card of one layer: its type, its settings, its shape; read from its attributes, nothing is called."""

from __future__ import annotations

import math
from typing import Any

import keras

from gandoctor.store import LayerCard

SETTINGS = (
    "units",
    "filters",
    "kernel_size",
    "pool_size",
    "strides",
    "padding",
    "dilation_rate",
    "depth_multiplier",
    "activation",
    "rate",
    "momentum",
    "epsilon",
    "axis",
    "scale",
    "offset",
    "groups",
    "negative_slope",
    "alpha",
    "max_value",
    "stddev",
    "size",
    "interpolation",
    "target_shape",
    "input_dim",
    "output_dim",
    "power_iterations",
    "use_bias",
)
"""Attributes of Keras's own layers that matter for diagnosis."""
_USUAL: dict[str, tuple[Any, ...]] = {"dilation_rate": ((1,), (1, 1), (1, 1, 1)), "groups": (1,), "scale": (True,)}
"""Values that say nothing. `scale` is a number in Rescaling, which has no more to do with the flag of this name."""

CUSTOM_MAX = 20
"""Settings kept of a layer that is not part of Keras."""
TEXT_MAX = 200
LIST_MAX = 16

NORMALISED = "_gandoctor_is_normalised"
"""Entry in the `__dict__` of a layer that is normalised as if it were wrapped, which was set in its training."""

_OF_EVERY_LAYER = frozenset(dir(keras.layers.Layer())) | {"built", "name", "dtype", "trainable", "supports_masking"}


def is_part_of_keras(layer: Any) -> bool:
    """Tell whether a layer's class is Keras's own, whose call is known."""
    return type(layer).__module__.split(".")[0] == "keras"


def is_container(layer: Any) -> bool:
    """Tell a Sequential or functional network that calls its layers as Keras has it."""
    return isinstance(layer, keras.Model) and type(layer).call in _KERAS_CALLS


def _functional_call() -> Any:
    """Return the `call` of functional models, whose class Keras does not export."""
    tensor = keras.Input((1,))
    return type(keras.Model(tensor, tensor)).call


_KERAS_CALLS = (keras.Sequential.call, _functional_call())


def layer_card(
    layer: Any, path: str = "", wrappers: tuple[str, ...] = (), inputs: tuple[int, ...] | None = None, shape: Any = None
) -> LayerCard:
    """Describe one layer.

    Args:
        layer: A Keras layer; built or not.
        path: See `LayerCard`, as are wrappers and inputs.
        wrappers: Types of what wraps it.
        inputs: Positions of what it is given.
        shape: Of its output in this call; None: taken from the layer where it was called once only.
    """
    return LayerCard(
        name=str(layer.name),
        type=type(layer).__name__,
        settings=_settings(layer) | _precision(layer),
        output_shape=plain_shape(own_shape(layer) if shape is None else shape),
        parameters=count_parameters(layer),
        path=path,
        wrappers=(*wrappers, "SpectralNormalization") if NORMALISED in vars(layer) else wrappers,
        inputs=inputs,
    )


def count_parameters(layer: Any) -> int:
    """Return how many numbers the weights of a layer or network hold: seeds and metrics are none."""
    return sum(math.prod(v.shape) for v in layer.weights)


def joined(path: str, name: str) -> str:
    """Return the path of what sits in the network or layer `name`, which sits at `path`."""
    return f"{path}/{name}" if path else name


def plain(value: Any) -> Any:
    """Reduce a setting to what JSON can hold: objects become their names, long text and lists are cut."""
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, str):
        return value[:TEXT_MAX]
    if isinstance(value, list | tuple):
        return [plain(v) for v in value[:LIST_MAX]]
    if isinstance(value, dict):
        return {str(k)[:TEXT_MAX]: plain(v) for k, v in list(value.items())[:LIST_MAX]}
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return plain(value.item())  # a NumPy number
    return str(getattr(value, "__name__", type(value).__name__))[:TEXT_MAX]


def plain_shape(shape: Any) -> tuple[int | None, ...] | None:
    """Return a shape as integers and None; None where it is not a single known shape."""
    if not isinstance(shape, tuple | list) or not all(isinstance(n, int) or n is None for n in shape):
        return None
    return tuple(shape)


def _settings(layer: Any) -> dict[str, Any]:
    if is_part_of_keras(layer):
        found = {name: getattr(layer, name, None) for name in SETTINGS}
        return {name: plain(value) for name, value in found.items() if _is_telling(name, value)}
    own = {
        name: value
        for name, value in list(vars(layer).items())
        if not name.startswith("_") and name not in _OF_EVERY_LAYER and _is_setting(value)
    }
    return {name: plain(value) for name, value in list(own.items())[:CUSTOM_MAX]}


def _precision(layer: Any) -> dict[str, str]:
    """Return what a layer computes in, where that is not single precision."""
    dtype = str(getattr(layer, "compute_dtype", "float32"))
    return {} if dtype == "float32" else {"dtype": dtype}


def _is_telling(name: str, value: Any) -> bool:
    if value is None or _is_method(value):
        return False
    return not any(value is usual or (value == usual and usual is not True) for usual in _USUAL.get(name, ()))


def _is_method(value: Any) -> bool:
    """Tell a method, which some layers have under the name of a setting, from a function given as a setting."""
    return hasattr(value, "__self__") and not isinstance(value, type)


def _is_setting(value: Any) -> bool:
    """Numbers, text, short lists of them, and functions such as activations; not layers, weights or arrays."""
    if isinstance(value, list | tuple):
        return len(value) <= LIST_MAX and all(isinstance(v, bool | int | float | str) for v in value)
    if isinstance(value, bool | int | float | str):
        return True
    return callable(value) and hasattr(value, "__name__") and not hasattr(value, "weights")


def own_shape(layer: Any) -> Any:
    """Return the shape of a layer's output; None where it was never called on symbolic inputs, or several times."""
    try:
        return layer.output.shape
    except (AttributeError, ValueError):
        return None
