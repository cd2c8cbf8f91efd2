"""Layer roles: what each layer of a model card does in its network, and the one name of its activation."""

from __future__ import annotations

import re
from typing import Literal

from gandoctor.store import LayerCard

Role = Literal[
    "weights",
    "embedding",
    "batch_norm",
    "norm",
    "activation",
    "dropout",
    "noise",
    "augmentation",
    "pooling",
    "upsampling",
    "shape",
    "rescaling",
    "merge",
    "unknown",
]
"""weights: a learnt linear map, whatever its activation. shape: values move and do not change. rescaling: a fixed
affine map of every value. merge: several inputs become one."""

OPERATION = "ops."
"""Prefix of the type of an operation that a subclassed network computes outside of its layers."""

_TYPES: dict[Role, tuple[str, ...]] = {
    "weights": (
        "Dense",
        "EinsumDense",
        *(f"{kind}{n}D" for kind in ("Conv", "SeparableConv", "DepthwiseConv") for n in (1, 2, 3)),
        *(f"Conv{n}DTranspose" for n in (1, 2, 3)),
    ),
    "embedding": ("Embedding", "ops.ResourceGather"),
    "activation": (
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "Softmax",
        *(
            f"ops.{name}"
            for name in ("Relu", "Relu6", "LeakyRelu", "Tanh", "Sigmoid", "Softplus", "Softsign", "Elu", "Selu")
        ),
        "ops.Softmax",
    ),
    "dropout": (
        "Dropout",
        "AlphaDropout",
        "GaussianDropout",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    ),
    "noise": ("GaussianNoise",),
    "augmentation": (
        *(f"Random{what}" for what in ("Flip", "Translation", "Rotation", "Zoom", "Crop", "Shear", "Perspective")),
        *(f"Random{what}" for what in ("Brightness", "Contrast", "Hue", "Saturation", "ColorJitter", "Erasing")),
    ),
    "pooling": tuple(
        f"{scope}{kind}Pooling{n}D" for scope in ("", "Global") for kind in ("Max", "Average") for n in (1, 2, 3)
    ),
    "upsampling": (
        *(f"UpSampling{n}D" for n in (1, 2, 3)),
        "Resizing",
        "ops.ResizeNearestNeighbor",
        "ops.ResizeBilinear",
        "ops.ResizeBicubic",
        "ops.DepthToSpace",
    ),
    "shape": (
        "Reshape",
        "Flatten",
        "Permute",
        "RepeatVector",
        "Identity",
        "ActivityRegularization",
        "CenterCrop",
        *(f"{kind}{n}D" for kind in ("Cropping", "ZeroPadding") for n in (1, 2, 3)),
        "ops.Pad",
        "ops.PadV2",
        "ops.MirrorPad",
        "ops.SpaceToDepth",
    ),
    "rescaling": ("Rescaling", "Normalization"),
    "merge": (
        *("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"),
        "ops.ConcatV2",
    ),
}
_ROLES: dict[str, Role] = {name: role for role, names in _TYPES.items() for name in names}
_ARITHMETIC = ("ops.AddV2", "ops.Add", "ops.Sub", "ops.Mul", "ops.RealDiv")

_ACTIVATIONS = {"swish": "silu", "hardswish": "hard_silu", "logsoftmax": "log_softmax", "logsigmoid": "log_sigmoid"} | {
    name.replace("_", ""): name
    for name in (
        *("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh"),
        *("leaky_relu", "linear", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink"),
        *("softmax", "softplus", "softsign", "sparsemax", "tanh", "tanh_shrink", "threshold"),
    )
}


def role_of(layer: LayerCard) -> Role:
    """Return what a layer does to its input. An `activation` of its own comes after that."""
    if layer.type in _ROLES:
        role = _ROLES[layer.type]
        return "shape" if role == "activation" and activation_of(layer) is None else role
    if layer.type in _ARITHMETIC:
        return "rescaling" if "operand" in layer.settings else "merge" if len(layer.inputs or ()) > 1 else "unknown"
    if layer.type.startswith(OPERATION):
        return "unknown"
    if "BatchNorm" in layer.type:
        return "batch_norm"
    if re.search(r"(Layer|Group|Instance|Unit|RMS|Pixel)(wise)?Norm", layer.type):
        return "norm"
    return "noise" if layer.type.endswith("Noise") else "unknown"


def activation_of(layer: LayerCard) -> str | None:
    """Return the name of a layer's activation function, e.g. "leaky_relu".

    Returns:
        A name from `keras.activations`, "prelu", or "unknown" for a custom function; None where there is none. A linear
        activation counts as none.
    """
    settings = layer.settings
    if layer.type in ("ReLU", "ops.LeakyRelu"):
        slope = settings.get("negative_slope") or 0.0
        name = "leaky_relu" if slope != 0.0 else "relu"
    elif layer.type.startswith(OPERATION) or (_ROLES.get(layer.type) == "activation" and layer.type != "Activation"):
        if _ROLES.get(layer.type) != "activation":
            return None
        name = layer.type.removeprefix(OPERATION)
    elif settings.get("activation") is None:
        return None
    else:
        name = str(settings["activation"])
    found = _ACTIVATIONS.get(name.lower().replace("_", ""), "unknown")
    return None if found == "linear" else found
