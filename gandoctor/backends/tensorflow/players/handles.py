"""Handles: what can be set in any Keras GAN before its first step is traced, by attributes that the trace reads."""

from __future__ import annotations

from typing import Any

import keras

from gandoctor.backends.tensorflow.in_graph.input_changes import change_input
from gandoctor.backends.tensorflow.in_graph.spectral import normalise
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.errors import GandoctorError
from gandoctor.player_names import INPUT_NOISE, INPUT_SHIFT, NAMES, NETWORK_VALUES, SPECTRAL_NORM, Player

_CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


def set_value(network: Any, optimizer: Any, player: Player, what: str, value: float) -> float | None:
    """Set a value of a player; see `Backend.set_value`.

    Raises:
        GandoctorError: It has no such value, or Keras would not heed it.
    """
    if what in (INPUT_NOISE, INPUT_SHIFT, SPECTRAL_NORM):
        check_one_replica(network, player, what)
        if what == SPECTRAL_NORM:
            return normalise(network, player, value)
        change_input(members_of(network)[0], what, value)
        return 0.0
    return _of_layers(network, player, what, value) if what in NETWORK_VALUES else _of(optimizer, player, what, value)


def check_one_replica(network: Any, player: Player, what: str) -> None:
    """Refuse what is put into a network that several replicas train.

    Raises:
        GandoctorError: They do.
    """
    strategy = getattr(network, "distribute_strategy", None)
    if strategy is not None and strategy.num_replicas_in_sync > 1:
        raise GandoctorError(
            f"{what} of the {NAMES[player]} cannot be set where several replicas train: write it into the model."
        )


def _of(optimizer: Any, player: Player, what: str, value: float) -> float | None:
    if optimizer is None or not hasattr(optimizer, what):
        name = "is not known" if optimizer is None else f"is {type(optimizer).__name__}, which has no {what}"
        raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set: its optimizer {name}.")
    other = [name for name in _CLIPPING if name != what and getattr(optimizer, name, None)]
    if what in _CLIPPING and other:
        raise GandoctorError(
            f"{what} of the {NAMES[player]} cannot be set: its optimizer clips by {other[0]}, and Keras heeds only one."
        )
    was = getattr(optimizer, what)
    if what == "momentum" and not was and optimizer.built:
        raise GandoctorError(f"momentum of the {NAMES[player]} cannot be set: its optimizer was built without any.")
    setattr(optimizer, what, value)
    return None if was is None else float(was)


def _of_layers(network: Any, player: Player, what: str, value: float) -> float:
    if what == "dropout":  # a layer made with rate 0 has no random state to drop units by
        found = [layer for layer in _layers(network) if isinstance(layer, keras.layers.Dropout) and layer.rate > 0]
        attribute = "rate"
    else:
        found = [layer for layer in _layers(network) if isinstance(layer, keras.layers.BatchNormalization)]
        attribute = what.removeprefix("batch_norm_")
    if not found:
        kind = "dropout that is switched on" if what == "dropout" else "batch normalisation"
        raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set: it has no {kind}.")
    was = float(getattr(found[0], attribute))
    for layer in found:
        setattr(layer, attribute, value)
    return was


def _layers(network: Any) -> list[Any]:
    return list(network._flatten_layers(include_self=False, recursive=True))
