"""Spectral normalisation, put into a network that is there already: its parameters stay the objects they are."""

from __future__ import annotations

import torch
from torch.nn.utils.parametrizations import spectral_norm

from gandoctor.backends.torch.random_state import preserved_random_state
from gandoctor.errors import GandoctorError
from gandoctor.player_names import NAMES, SPECTRAL_NORM, Player

_LAYERS = (torch.nn.modules.conv._ConvNd, torch.nn.Linear)


def normalise(network: torch.nn.Module, player: Player, value: float) -> float:
    """Give every convolution and linear layer that has none PyTorch's own spectral normalisation.

    The optimizer goes on with the parameters it has: each is the same object under another name,
    `parametrizations.weight.original`, so that a state saved without it no longer fits. No generator of the program
    moves.

    Args:
        network: Is changed in place.
        player: Whose it is.
        value: 1.

    Returns:
        0.0: it was not normalised.

    Raises:
        GandoctorError: The value is another one, no layer is left to normalise, a weight has no shape yet, or several
            processes train the network together.
    """
    why = _why_not(network, value)
    if why is not None:
        raise GandoctorError(f"{SPECTRAL_NORM} of the {NAMES[player]} cannot be set: {why}.")
    with preserved_random_state():  # the first vectors of its power iteration are drawn
        for layer in _without(network):
            # A parametrisation writes the weight's own values to it: a loss that waits to be differentiated, of the
            # step in which the players were found, would take that for a change.
            with torch.autograd._unsafe_preserve_version_counter(layer.weight):
                spectral_norm(layer)
    return 0.0


def _why_not(network: torch.nn.Module, value: float) -> str | None:
    if value != 1:
        return f"it is 1 where it is set, and not {value:g}"
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
        return "several processes train it together, and one would go its own way"
    layers = _without(network)
    if not layers:
        return "it has no convolution or linear layer without a parametrisation"
    if any(isinstance(layer.weight, torch.nn.parameter.UninitializedParameter) for layer in layers):
        return "its weights have no shape yet"
    return None


def _without(network: torch.nn.Module) -> list[torch.nn.Module]:
    """Return the layers whose weight is a parameter as it stands; a normalised one is computed of another."""
    return [m for m in network.modules() if isinstance(m, _LAYERS) and "weight" in m._parameters]
