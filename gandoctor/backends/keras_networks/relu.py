"""Whether a layer of Keras ends in a ReLU."""

from __future__ import annotations

from typing import Any

import keras

_NEGATIVE, _POSITIVE = (-1.0, -10.0, -100.0), (1.0, 10.0)


def ends_in_relu(layer: Any) -> bool:
    """Tell whether all negative values become exactly 0 in a layer's output."""
    if isinstance(layer, keras.layers.ReLU):
        return not layer.negative_slope
    if hasattr(layer, "cell") or hasattr(layer, "recurrent_activation"):
        return False  # what it returns is more than its activation's output
    activation = getattr(layer, "activation", None)
    if not callable(activation):
        return False
    try:
        values = keras.ops.convert_to_numpy(activation(keras.ops.convert_to_tensor([*_NEGATIVE, *_POSITIVE])))
    except Exception:  # noqa: BLE001 - an activation of the user's own making, on values it may not be made for
        return False
    below, above = values[: len(_NEGATIVE)], values[len(_NEGATIVE) :]
    return bool((below == 0).all() and (above > 0).all())
