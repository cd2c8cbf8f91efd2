"""The model card of a Keras network: layers in call order with their settings, optimizer and losses.

`describe` is the entry; it looks at a network and its optimizer, changes neither, and never raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from gandoctor.backends.keras_networks.call_order import Follow, layers_in_order
from gandoctor.backends.keras_networks.layer_card import count_parameters, plain, plain_shape
from gandoctor.message import Message
from gandoctor.networks.output_reach import reach_of
from gandoctor.store import PlayerCard

_OPTIMIZER_SETTINGS = (
    "clipvalue",
    "clipnorm",
    "global_clipnorm",
    "momentum",
    "nesterov",
    "rho",
    "beta_1",
    "beta_2",
    "epsilon",
    "centered",
    "amsgrad",
    "weight_decay",
    "loss_scale_factor",
)
_LOSS_SETTINGS = ("from_logits", "label_smoothing")
_LOSS_NAMES = dict.fromkeys(("bce", "binary_crossentropy", "binarycrossentropy"), "BinaryCrossentropy")
_SCHEDULE_DEPTH = 4
"""Schedules within schedules that are written out."""


def describe(network: Any, optimizer: Any, follow: Follow, number: Callable[[Any], float]) -> PlayerCard:
    """Describe one player, before, during or after training; what cannot be read is left out.

    Args:
        network: A Keras network, built or not. An unbuilt one stays so.
        optimizer: What trains it, or None.
        follow: Finds out what a subclassed network calls.
        number: Returns a scalar of the framework as a float.
    """
    card = PlayerCard(name=str(getattr(network, "name", type(network).__name__)))
    try:
        found = layers_in_order(network, follow)
        card.layers, card.outputs, card.order, card.order_note = found.layers, found.outputs, found.order, found.note
    except Exception as error:  # noqa: BLE001 - a network can be of any making; training goes on without its card
        card.order = "declared"
        card.order_note = Message("its layers could not be read ({error})", error=type(error).__name__)
    for name, found_of in (("parameters", count_parameters), ("input_shapes", _input_shapes)):
        try:
            setattr(card, name, found_of(network))
        except Exception:  # noqa: BLE001 - as above
            continue
    card.reach = reach_of(card)
    card.optimizer = describe_optimizer(optimizer, number) if optimizer is not None else {}
    return card


def describe_optimizer(optimizer: Any, number: Callable[[Any], float]) -> dict[str, Any]:
    """Return class, current learning rate, schedule, clipping and the like of an optimizer; never raises.

    A loss-scaling wrapper is taken off and named under "wrapper"; "accumulated_steps" is there where gradients are.

    Args:
        optimizer: Any optimizer of Keras.
        number: Returns a scalar of the framework as a float.
    """
    card: dict[str, Any] = {}
    while hasattr(optimizer, "inner_optimizer"):
        card["wrapper"] = type(optimizer).__name__
        optimizer = optimizer.inner_optimizer
    card["type"] = type(optimizer).__name__
    try:
        card["learning_rate"] = number(optimizer.learning_rate)
        schedule = getattr(optimizer, "_learning_rate", None)
        if hasattr(schedule, "get_config"):
            card["schedule"] = _schedule(schedule)
        settings = {name: getattr(optimizer, name, None) for name in _OPTIMIZER_SETTINGS}
        card |= {name: plain(value) for name, value in settings.items() if value is not None and value is not False}
        if getattr(optimizer, "gradient_accumulation_steps", None):
            card["accumulated_steps"] = int(optimizer.gradient_accumulation_steps)
        if getattr(optimizer, "use_ema", False):
            card["ema_momentum"] = plain(optimizer.ema_momentum)
    except Exception as error:  # noqa: BLE001 - an optimizer of the user's own making
        card["not_read"] = f"{type(error).__name__}: {str(error)[:200]}"
    return card


def describe_losses(model: Any | None, discriminator: Any) -> dict[str, dict[str, Any]]:
    """Return the Keras losses that a GAN holds, by where each was found; never raises.

    Args:
        model: The `keras.Model` that holds the players, whose attributes are looked at, or None.
        discriminator: The discriminator, which may have been compiled by itself.
    """
    found: dict[str, dict[str, Any]] = {}
    compiled = _loss(getattr(discriminator, "loss", None))
    if compiled is not None:
        found["discriminator, as compiled"] = compiled
    for name, value in list(getattr(model, "__dict__", {}).items()):
        card = None if name.startswith("_") or isinstance(value, str) else _loss(value)
        if card is not None:
            found[f"attribute .{name}"] = card
    return found


def compiled_loss(discriminator: Any) -> str | None:
    """Return the name of the loss a discriminator was compiled with, as Keras knows it."""
    loss = getattr(discriminator, "loss", None)
    each = list(loss.values()) if isinstance(loss, dict) else loss
    if isinstance(each, list | tuple) and len(each) == 1:  # an entry an output, as Keras allows
        loss = each[0]
    return loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)


def _input_shapes(network: Any) -> tuple[tuple[int | None, ...], ...]:
    """Return the shapes a network takes, None for the batch; nothing where it has not been built."""
    try:
        shapes = [tensor.shape for tensor in network.inputs]
    except (AttributeError, ValueError):
        built_on = getattr(network, "_build_shapes_dict", None) or {}
        shapes = []
        for value in built_on.values():
            shapes += [value] if plain_shape(value) is not None else list(value or ())
        shapes = [(None, *shape[1:]) for shape in shapes]
    return tuple(shape for shape in map(plain_shape, shapes) if shape is not None)


def _schedule(schedule: Any, depth: int = 0) -> dict[str, Any]:
    """Return type and settings of a learning-rate schedule, schedules within it written out as well."""
    settings = {
        name: _schedule(value, depth + 1)
        if isinstance(value, keras.optimizers.schedules.LearningRateSchedule) and depth < _SCHEDULE_DEPTH
        else plain(value)
        for name, value in schedule.get_config().items()
    }
    return {"type": type(schedule).__name__, **settings}


def _loss(value: Any) -> dict[str, Any] | None:
    """Return type and settings of a Keras loss, given as an object or by its name; None for anything else."""
    if isinstance(value, str):
        known = _LOSS_NAMES.get(value.lower())
        return {"type": value} if known is None else {"type": known, "from_logits": False}
    if not isinstance(value, keras.losses.Loss):
        return None
    settings = {name: getattr(value, name, None) for name in _LOSS_SETTINGS}
    return {"type": type(value).__name__} | {name: plain(v) for name, v in settings.items() if v is not None}
