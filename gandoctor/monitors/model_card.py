"""The model card: layers in order with their settings, optimizers, latent law and package versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from gandoctor.monitors.step_log import as_float
from gandoctor.store import LatentCard, LayerCard, PlayerCard

_SETTINGS = (
    "units",
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "activation",
    "rate",
    "momentum",
    "epsilon",
    "negative_slope",
    "size",
    "interpolation",
    "target_shape",
    "use_bias",
)
_OPTIMIZER_SETTINGS = (
    "clipvalue",
    "clipnorm",
    "global_clipnorm",
    "momentum",
    "rho",
    "beta_1",
    "beta_2",
    "weight_decay",
)


def describe(network: Any, optimizer: Any) -> PlayerCard:
    """Describe one player; layers are listed flat, nested models unfolded."""
    return PlayerCard(
        name=str(network.name),
        layers=[_layer(layer) for layer in _flat(network)],
        parameters=sum(int(np.prod(v.shape)) for v in network.variables),
        optimizer=describe_optimizer(optimizer) if optimizer is not None else {},
    )


def describe_optimizer(optimizer: Any) -> dict[str, Any]:
    """Return class, current learning rate, schedule and clipping of an optimizer."""
    card: dict[str, Any] = {"type": type(optimizer).__name__, "learning_rate": as_float(optimizer.learning_rate)}
    schedule: Any = getattr(optimizer, "_learning_rate", None)
    if hasattr(schedule, "get_config"):
        card["schedule"] = {"type": type(schedule).__name__, **_plain(schedule.get_config())}
    settings = {name: getattr(optimizer, name, None) for name in _OPTIMIZER_SETTINGS}
    card.update(_plain({name: value for name, value in settings.items() if value is not None}))
    return card


def latent_card(latents: Any, given: bool) -> LatentCard:
    """Describe one draw of the latent sampler; of several inputs, the first floating-point one."""
    arrays = list(latents.values()) if isinstance(latents, dict) else latents
    arrays = list(arrays) if isinstance(arrays, list | tuple) else [arrays]
    floats = [a for a in map(np.asarray, arrays) if np.issubdtype(a.dtype, np.floating)]
    first = floats[0] if floats else np.asarray(arrays[0])
    return LatentCard(
        shape=tuple(first.shape[1:]),
        minimum=float(first.min()),
        maximum=float(first.max()),
        mean=float(first.mean()),
        std=float(first.std()),
        source="given" if given else "assumed",
    )


def versions() -> dict[str, str]:
    """Versions of what decides the numbers."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in ("gandoctor", "keras", "tensorflow", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed as a package"
    return found


def _flat(network: Any) -> list[Any]:
    layers = []
    for layer in getattr(network, "layers", None) or []:
        layers += _flat(layer) if getattr(layer, "layers", None) else [layer]
    return layers


def _layer(layer: Any) -> LayerCard:
    try:
        config = layer.get_config()
    except NotImplementedError:  # a custom layer that cannot be saved; its public attributes will do
        config = {name: getattr(layer, name, None) for name in _SETTINGS}
    settings = {name: config[name] for name in _SETTINGS if config.get(name) is not None}
    shape = getattr(getattr(layer, "output", None), "shape", None) if layer.built and layer._inbound_nodes else None
    return LayerCard(
        name=str(layer.name),
        type=type(layer).__name__,
        settings=_plain(settings),
        output_shape=tuple(shape) if isinstance(shape, tuple) else None,
        parameters=sum(int(np.prod(v.shape)) for v in layer.variables),
    )


def _plain(value: Any) -> Any:
    """Reduce a Keras config to JSON-able data; objects become their names."""
    if isinstance(value, dict):
        if "class_name" in value:
            return value["class_name"]
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    return getattr(value, "__name__", type(value).__name__)
