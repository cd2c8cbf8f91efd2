"""Which values a network can produce, against closed forms and Keras's own activations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from gandoctor.networks.layer_roles import activation_of, role_of
from gandoctor.networks.output_reach import reach_of
from gandoctor.store import LayerCard, PlayerCard

DENSE = ("Dense", {"units": 3, "activation": "linear"})


def card(*layers: tuple[Any, ...], **fields: Any) -> PlayerCard:
    """A chain of (type, settings[, inputs])."""
    cards = [
        LayerCard(name=f"l{i}", type=kind, settings=rest[0] if rest else {}, inputs=rest[1] if rest[1:] else (i - 1,))
        for i, (kind, *rest) in enumerate(layers)
    ]
    return PlayerCard(name="generator", layers=cards, order="called", outputs=(len(cards) - 1,), **fields)


def reach(*layers: tuple[Any, ...]) -> tuple[float | None, float | None] | None:
    found = reach_of(card(*layers))
    return None if found is None else (found.low, found.high)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (("Activation", {"activation": "sigmoid"}), (0, 1)),
        (("Activation", {"activation": "tanh"}), (-1, 1)),
        (("Activation", {"activation": "linear"}), (None, None)),
        (("Activation", {"activation": "my_function"}), None),
        (("ReLU", {}), (0, None)),
        (("ReLU", {"max_value": 6.0}), (0, 6)),
        (("ReLU", {"negative_slope": 0.1, "max_value": 2.0}), (None, 2)),
        (("LeakyReLU", {"negative_slope": 0.2}), (None, None)),
        (("PReLU", {}), (None, None)),
        (("Softmax", {}), (0, 1)),
        (("ops.Tanh", {}), (-1, 1)),
        (("BatchNormalization", {}), (None, None)),
        (("OfMyOwn", {}), None),
    ],
)
def test_what_the_last_layer_reaches(last: tuple[str, dict[str, Any]], expected: Any) -> None:
    assert reach(DENSE, last) == expected
    assert reach(DENSE, last, ("Reshape", {}), ("Dropout", {"rate": 0.3}), ("GaussianNoise", {})) == expected


def test_an_activation_argument_counts_as_a_layer() -> None:
    assert reach(("Conv2DTranspose", {"activation": "tanh"})) == (-1, 1)
    assert reach(("Conv2DTranspose", {"activation": "linear"})) == (None, None)


def test_the_layer_that_sets_the_bounds_is_named() -> None:
    found = reach_of(card(DENSE, ("Activation", {"activation": "sigmoid"}), ("Reshape", {})))
    assert found is not None
    assert found.layer == "l1"


def test_a_second_activation_sees_only_what_the_first_lets_through() -> None:
    sigmoid, tanh, relu = (("Activation", {"activation": a}) for a in ("sigmoid", "tanh", "relu"))
    assert reach(DENSE, sigmoid, sigmoid) == pytest.approx((0.5, 1 / (1 + math.exp(-1))))
    assert reach(DENSE, relu, sigmoid) == (0.5, 1)
    assert reach(DENSE, relu, tanh) == (0, 1)
    assert reach(DENSE, sigmoid, tanh) == pytest.approx((0, math.tanh(1)))
    assert reach(DENSE, sigmoid, relu) == (0, 1)


def test_rescaling_and_clipping_in_either_form() -> None:
    tanh = ("Activation", {"activation": "tanh"})
    assert reach(DENSE, tanh, ("Rescaling", {"scale": 127.5, "offset": 127.5})) == (0, 255)
    assert reach(DENSE, tanh, ("Rescaling", {"scale": -0.5, "offset": 0.5})) == (0, 1)
    assert reach(DENSE, tanh, ("Rescaling", {"scale": [1.0, 2.0], "offset": 0.0})) is None
    assert reach(DENSE, tanh, ("ops.Mul", {"operand": 0.5}), ("ops.AddV2", {"operand": 0.5})) == (0, 1)
    assert reach(DENSE, tanh, ("ops.Sub", {"operand": 1.0, "operand_first": True})) == (0, 2)
    assert reach(DENSE, tanh, ("ops.RealDiv", {"operand": 2.0})) == (-0.5, 0.5)
    assert reach(DENSE, tanh, ("ops.RealDiv", {"operand": 2.0, "operand_first": True})) is None
    assert reach(DENSE, tanh, ("ops.Mul", {})) is None
    assert reach(DENSE, ("ops.Minimum", {"operand": 1.0}), ("ops.Maximum", {"operand": 0.0})) == (0, 1)


def test_branches_that_meet() -> None:
    sigmoid, tanh = (("Activation", {"activation": a}, (0,)) for a in ("sigmoid", "tanh"))
    for kind, expected in {
        "Concatenate": (-1, 1),
        "Add": (-1, 2),
        "Average": (-0.5, 1),
        "Maximum": (0, 1),
        "Minimum": (-1, 1),
        "Multiply": (-1, 1),
        "ops.AddV2": (-1, 2),
        "Dot": None,
    }.items():
        assert reach(DENSE, sigmoid, tanh, (kind, {}, (1, 2))) == expected, kind


def test_places_that_move_values_or_add_zeros() -> None:
    shifted = (DENSE, ("Activation", {"activation": "sigmoid"}), ("Rescaling", {"scale": 1.0, "offset": 1.0}))
    assert reach(*shifted) == (1, 2)
    assert reach(*shifted, ("ZeroPadding2D", {})) == (0, 2)
    assert reach(*shifted, ("UpSampling2D", {"interpolation": "bilinear"})) == (1, 2)
    assert reach(*shifted, ("UpSampling2D", {"interpolation": "bicubic"})) is None
    assert reach(*shifted, ("AveragePooling2D", {})) == (1, 2)


def test_the_first_output_counts() -> None:
    two = card(DENSE, ("Activation", {"activation": "sigmoid"}, (0,)), ("Activation", {"activation": "tanh"}, (0,)))
    two.outputs = (1, 2)
    found = reach_of(two)
    assert found is not None
    assert (found.low, found.high) == (0, 1)


def test_an_order_that_is_only_declared_tells_nothing_and_an_old_card_is_a_chain() -> None:
    known = card(DENSE, ("Activation", {"activation": "sigmoid"}))
    assert reach_of(known.model_copy(update={"order": "declared"})) is None
    old = PlayerCard(name="g", layers=[LayerCard(name=x.name, type=x.type, settings=x.settings) for x in known.layers])
    assert reach_of(old) is not None


@pytest.mark.parametrize(
    "hostile",
    [
        ("Rescaling", {"scale": "x", "offset": None}),
        ("ReLU", {"max_value": "x"}),
        ("LeakyReLU", {"negative_slope": [1]}),
        ("ops.Mul", {"operand": "x"}),
        ("ops.Add", {"operand": math.nan}),
        ("ops.RealDiv", {"operand": 0}),
        ("Activation", {"activation": {"a": 1}}),
        ("Activation", {"activation": "sigmoid"}, (7,)),
        ("Activation", {"activation": "relu"}, (-5,)),
    ],
)
def test_a_damaged_card_raises_nothing(hostile: tuple[Any, ...]) -> None:
    found = reach(("Activation", {"activation": "sigmoid"}), hostile)
    assert found is None or len(found) == 2


def test_roles() -> None:
    def role(kind: str, **settings: Any) -> str:
        return role_of(LayerCard(name="l", type=kind, settings=settings, inputs=(0, 1)))

    assert role("Conv3DTranspose") == "weights"
    assert role("SyncBatchNormalization") == role("BatchNormalization") == "batch_norm"
    assert role("LayerNormalization") == role("InstanceNorm") == "norm"
    assert role("Activation", activation="linear") == "shape"
    assert role("Activation", activation="tanh") == "activation"
    assert role("ops.Mul", operand=2.0) == "rescaling"
    assert role("ops.Mul") == "merge"
    assert role("OutputNoise") == "noise"
    assert role("SpectralNormalization") == role("MultiHeadAttention") == role("ops.MatMul") == "unknown"


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("Activation", {"activation": "LeakyReLU"}, "leaky_relu"),
        ("Dense", {"activation": "swish"}, "silu"),
        ("Dense", {"activation": "<lambda>"}, "unknown"),
        ("Dense", {"activation": "linear"}, None),
        ("ReLU", {"negative_slope": 0.0}, "relu"),
        ("ReLU", {"negative_slope": 0.2}, "leaky_relu"),
        ("ops.LeakyRelu", {"negative_slope": 0.2}, "leaky_relu"),
        ("ops.Sigmoid", {}, "sigmoid"),
        ("ops.Mul", {"operand": 2.0}, None),
        ("Flatten", {}, None),
    ],
)
def test_activations_have_one_name(kind: str, settings: dict[str, Any], expected: str | None) -> None:
    assert activation_of(LayerCard(name="l", type=kind, settings=settings)) == expected


@pytest.mark.training
@pytest.mark.parametrize("given", [(-3.0, 2.0), (-0.4, 0.3), (0.5, 4.0), (-4.0, -0.5)])
@pytest.mark.parametrize(
    "name",
    [
        *("sigmoid", "tanh", "relu", "relu6", "elu", "selu", "softplus", "softsign", "hard_sigmoid", "hard_tanh"),
        *("exponential", "leaky_relu", "linear"),
    ],
)
def test_images_of_intervals_are_those_of_keras(name: str, given: tuple[float, float]) -> None:
    keras = pytest.importorskip("keras")
    values = np.asarray(keras.activations.get(name)(keras.ops.linspace(given[0], given[1], 2001)))
    clip = [("ops.Minimum", {"operand": given[1]}), ("ops.Maximum", {"operand": given[0]})]
    assert reach(DENSE, *clip, ("Activation", {"activation": name})) == pytest.approx(
        (values.min(), values.max()), abs=1e-5
    )


@pytest.mark.training
@pytest.mark.parametrize("name", ["silu", "gelu"])
def test_activations_that_dip_stay_within_what_is_told(name: str) -> None:
    keras = pytest.importorskip("keras")
    values = np.asarray(keras.activations.get(name)(keras.ops.linspace(-6.0, 6.0, 20001)))
    low, high = reach(DENSE, ("Activation", {"activation": name})) or (None, None)
    assert low == pytest.approx(values.min(), abs=2e-3)
    assert high is None
