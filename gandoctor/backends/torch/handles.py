"""Handles: what can be set in any PyTorch GAN before its first step."""

from __future__ import annotations

from typing import Any

import torch

from gandoctor.backends.torch.input_changes import ChangedForward
from gandoctor.backends.torch.spectral import normalise
from gandoctor.errors import GandoctorError
from gandoctor.player_names import INPUT_NOISE, INPUT_SHIFT, NAMES, NETWORK_VALUES, SPECTRAL_NORM, Player

_DROPOUT = (torch.nn.Dropout, torch.nn.Dropout1d, torch.nn.Dropout2d, torch.nn.Dropout3d)
_NORM = torch.nn.modules.batchnorm._BatchNorm
_MODULES: dict[str, tuple[Any, str, str]] = {
    "dropout": (_DROPOUT, "p", "dropout"),
    "batch_norm_momentum": (_NORM, "momentum", "batch normalisation with a moving average"),
    "batch_norm_epsilon": (_NORM, "eps", "batch normalisation"),
}
"""What is set in modules -> their types, the attribute, and what they are called."""
_BETAS = {"beta_1": 0, "beta_2": 1}


def set_value(network: Any, optimizer: Any, player: Player, what: str, value: float) -> float | None:
    """Set a value of a player; see `Backend.set_value`.

    Raises:
        GandoctorError: It has no such value.
    """
    if what in (INPUT_NOISE, INPUT_SHIFT):
        network.forward = ChangedForward(network, what, value)
        return 0.0
    if what == SPECTRAL_NORM:
        return normalise(network, player, value)
    if what in NETWORK_VALUES:
        return _of_modules(network, player, what, value)
    groups = [] if optimizer is None else optimizer.param_groups
    key = "betas" if what in _BETAS else what
    if not groups or any(key not in group for group in groups):
        name = "is not known" if optimizer is None else f"is {type(optimizer).__name__}, which has no {what}"
        raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set: its optimizer {name}.")
    was = groups[0][key]
    for group in groups:
        if what in _BETAS:
            betas = list(group["betas"])
            betas[_BETAS[what]] = value
            group["betas"] = tuple(betas)
        else:
            group[key] = value
    return float(was[_BETAS[what]] if what in _BETAS else was)


def _of_modules(network: Any, player: Player, what: str, value: float) -> float:
    kinds, attribute, name = _MODULES[what]
    found = [m for m in network.modules() if isinstance(m, kinds) and getattr(m, attribute) is not None]
    if not found:
        raise GandoctorError(f"{what} of the {NAMES[player]} cannot be set: it has no {name}.")
    was = float(getattr(found[0], attribute))
    # PyTorch's momentum is the share of the new value, Keras's that of the average.
    is_share_of_new = attribute == "momentum"
    for module in found:
        setattr(module, attribute, 1 - value if is_share_of_new else value)
    return 1 - was if is_share_of_new else was
