"""Output reach: which values a network can produce, by interval arithmetic through its layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gandoctor.networks.layer_roles import activation_of, role_of
from gandoctor.store import LayerCard, PlayerCard, Reach

_ANYTHING = (-math.inf, math.inf)


@dataclass(frozen=True)
class _Interval:
    """Bounds of the values at one place, and the position of the layer that set them."""

    low: float
    high: float
    layer: int

    @classmethod
    def of(cls, bounds: tuple[float, float], layer: int) -> _Interval:
        low, high = bounds
        return cls(low, high, layer)


def reach_of(card: PlayerCard) -> Reach | None:
    """Return the values that a network's first output can take, whatever its weights; None where they are not known.

    Exact for what each layer alone does to an interval, as in inference: noise and dropout are then off. A card of an
    earlier version is read as one chain of layers. A card whose order is only declared says nothing.
    """
    layers = card.layers
    if not layers or card.order == "declared":
        return None
    chained = [
        layer if layer.inputs is not None else layer.model_copy(update={"inputs": (i - 1,)})
        for i, layer in enumerate(layers)
    ]
    last = card.outputs[0] if card.outputs else len(layers) - 1
    if not 0 <= last < len(layers):
        return None
    found: list[_Interval | None] = []
    for i, layer in enumerate(chained):
        given = [found[j] if 0 <= j < i else None for j in layer.inputs or ()]
        try:
            found.append(_after(layer, i, given))
        except (TypeError, ValueError, ArithmeticError):  # settings of a damaged or hostile card
            found.append(None)
    end = found[last]
    if end is None or math.isnan(end.low) or math.isnan(end.high):
        return None
    return Reach(
        low=end.low if math.isfinite(end.low) else None,
        high=end.high if math.isfinite(end.high) else None,
        layer=layers[end.layer].address,
    )


def _after(layer: LayerCard, position: int, given: Sequence[_Interval | None]) -> _Interval | None:
    """Return the interval of a layer's output from those of its inputs; None where it is not known."""
    before = _before_activation(layer, position, given)
    name = activation_of(layer)
    if name is None:
        return before
    low, high = (before.low, before.high) if before is not None else _ANYTHING
    if layer.type == "ReLU" and layer.settings.get("max_value") is not None:
        ceiling = float(layer.settings["max_value"])
        low, high = min(low, ceiling), min(high, ceiling)
    slope = layer.settings.get("negative_slope")
    bounds = image_of(name, low, high, 0.2 if slope is None else float(slope))
    return None if bounds is None else _Interval.of(bounds, position)


def _before_activation(layer: LayerCard, position: int, given: Sequence[_Interval | None]) -> _Interval | None:
    role = role_of(layer)
    only = given[0] if len(given) == 1 else None
    if role in ("weights", "embedding", "batch_norm", "norm"):
        return _Interval.of(_ANYTHING, position)
    if role == "shape" and "Pad" in layer.type and only is not None:
        return _Interval(min(only.low, 0.0), max(only.high, 0.0), only.layer)
    if role == "upsampling" and str(layer.settings.get("interpolation", "")) not in ("", "nearest", "bilinear", "area"):
        return None  # bicubic and its like overshoot
    if role in ("shape", "dropout", "noise", "pooling", "upsampling", "activation"):
        return None if layer.type == "ops.ResizeBicubic" else only
    if role == "rescaling":
        return None if only is None else _rescaled(layer, position, only)
    if layer.type in ("ops.Maximum", "ops.Minimum") and "operand" in layer.settings:
        bound = float(layer.settings["operand"])
        clip = max if layer.type == "ops.Maximum" else min
        low, high = (only.low, only.high) if only is not None else _ANYTHING
        return _Interval(clip(low, bound), clip(high, bound), position)
    if role == "merge":
        known = [i for i in given if i is not None]
        return _merged(layer.type, position, known) if known and len(known) == len(given) else None
    return None


def _rescaled(layer: LayerCard, position: int, given: _Interval) -> _Interval | None:
    if layer.type == "Rescaling":
        scale, offset = layer.settings.get("scale"), layer.settings.get("offset", 0.0)
    elif "operand" in layer.settings:
        scale, offset = _affine(layer)
    else:
        return None
    if not isinstance(scale, int | float) or not isinstance(offset, int | float):
        return None  # one for each channel
    ends = sorted((_times(scale, given.low) + offset, _times(scale, given.high) + offset))
    return _Interval(ends[0], ends[1], position if math.isfinite(ends[0]) or math.isfinite(ends[1]) else given.layer)


def _affine(layer: LayerCard) -> tuple[float, float]:
    """Return scale and offset of an operation with a constant."""
    constant, first = float(layer.settings["operand"]), bool(layer.settings.get("operand_first"))
    kind = layer.type.removeprefix("ops.")
    if kind in ("Add", "AddV2"):
        return 1.0, constant
    if kind == "Sub":
        return (-1.0, constant) if first else (1.0, -constant)
    if kind == "Mul":
        return constant, 0.0
    return (math.nan, math.nan) if first else (1.0 / constant, 0.0)


def _times(scale: float, value: float) -> float:
    return 0.0 if scale == 0 else scale * value


def _merged(kind: str, position: int, given: Sequence[_Interval]) -> _Interval | None:
    lows, highs = [i.low for i in given], [i.high for i in given]
    kind = kind.removeprefix("ops.")
    if kind in ("Concatenate", "ConcatV2"):
        return _Interval(min(lows), max(highs), position)
    if kind in ("Add", "AddV2"):
        return _Interval(sum(lows), sum(highs), position)
    if kind == "Average":
        return _Interval(sum(lows) / len(given), sum(highs) / len(given), position)
    if kind == "Maximum":
        return _Interval(max(lows), max(highs), position)
    if kind == "Minimum":
        return _Interval(min(lows), min(highs), position)
    if kind in ("Multiply", "Mul") and len(given) == 2 and all(map(math.isfinite, lows + highs)):
        products = [a * b for a in (lows[0], highs[0]) for b in (lows[1], highs[1])]
        return _Interval(min(products), max(products), position)
    return None


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


_INCREASING: dict[str, Callable[[float], float]] = {
    "sigmoid": _sigmoid,
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "softplus": _softplus,
    "softsign": lambda x: math.copysign(1.0, x) if math.isinf(x) else x / (1.0 + abs(x)),
    "hard_sigmoid": lambda x: min(max((x + 3.0) / 6.0, 0.0), 1.0),
    "hard_tanh": lambda x: min(max(x, -1.0), 1.0),
    "exponential": lambda x: math.exp(min(x, 700.0)) if x < math.inf else math.inf,
}
"""Increasing activations, as in `keras.activations`: they map the ends of an interval to the ends of its image."""
_DIPS = {"silu": -0.2784645427610738, "gelu": -0.16997120747990369}
"""Smallest values of activations that fall before they rise: of x * sigmoid(x) and of x * Phi(x)."""


def image_of(name: str, low: float, high: float, slope: float = 0.2) -> tuple[float, float] | None:
    """Return the smallest and largest value of an activation on an interval; None where they are not known.

    Args:
        name: As `activation_of` returns it.
        low: Smallest input; may be infinite.
        high: Largest input; may be infinite.
        slope: Of a leaky ReLU for negative values.
    """
    if name == "leaky_relu":
        if slope < 0:
            return None
        return low if low > 0 else _times(slope, low), high if high > 0 else _times(slope, high)
    if name in _INCREASING:
        return _INCREASING[name](low), _INCREASING[name](high)
    if name in _DIPS:
        return (0.0 if low >= 0 else _DIPS[name]), max(high, 0.0)
    if name in ("softmax", "sparsemax"):
        return 0.0, 1.0
    return _ANYTHING if name == "prelu" else None
