"""Input changes: noise or shifts in front of a network in training mode, drawn from numbers of their own."""

from __future__ import annotations

from typing import Any

import torch

from gandoctor.player_names import INPUT_NOISE, INPUT_SHIFT
from gandoctor.recording.input_shift import cannot_shift_rows, check_shift

SEED = 20_261_128
"""Of the numbers: the same in every run, whatever else draws some."""


class ChangedForward:
    """Changes what a network is given in training mode, behind all hooks: they see what the program gave it.

    Args:
        network: Whose `forward` it stands for; a copy of the network has its own.
        what: `INPUT_NOISE`, or `INPUT_SHIFT`.
        value: Standard deviation of the noise; largest shift as a share of each side.

    Raises:
        GandoctorError: The value is out of range.
    """

    def __init__(self, network: torch.nn.Module, what: str, value: float) -> None:
        if what == INPUT_SHIFT:
            check_shift(value)
        self._network, self._what, self._value = network, what, value
        self._wrapped = vars(network).get("forward")  # what another library, or another change, has put in its place

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Compute what the network does of changed inputs."""
        network = self._network
        if network.training and given and isinstance(given[0], torch.Tensor):
            change = {INPUT_NOISE: _noisy, INPUT_SHIFT: _shifted}[self._what]
            given = (change(given[0], self._value, self._numbers(given[0].device)), *given[1:])
        if self._wrapped is not None:
            return self._wrapped(*given, **named)
        return type(network).forward(network, *given, **named)

    def _numbers(self, device: torch.device) -> torch.Generator:
        name = f"_gandoctor_{self._what}"  # an attribute of the network, where passes that leave no trace find it
        own: torch.Generator | None = vars(self._network).get(name)
        if own is None or own.device != device:
            own = torch.Generator(device).manual_seed(SEED)
            setattr(self._network, name, own)
        return own


def _noisy(images: torch.Tensor, deviation: float, numbers: torch.Generator) -> torch.Tensor:
    noise = torch.randn(images.shape, generator=numbers, device=images.device, dtype=images.dtype)
    return images + deviation * noise


def _shifted(images: torch.Tensor, share: float, numbers: torch.Generator) -> torch.Tensor:
    """Shift every image by itself; what comes into sight is its own edge."""
    if images.dim() < 3:
        raise cannot_shift_rows()
    sides, dims, device = images.shape[2:], images.dim(), images.device
    most = [round(share * side) for side in sides]
    # Padded first, so that no two places of a shifted image are one of its own: their gradients would be added up in
    # an order that is not fixed on a GPU.
    padded = torch.nn.functional.pad(images, [m for m in reversed(most) for _ in range(2)], mode="replicate")
    places = [_along(torch.arange(n, device=device), (axis,), dims) for axis, n in enumerate(images.shape[:2])]
    for axis, (side, m) in enumerate(zip(sides, most, strict=True), start=2):
        by = torch.randint(0, 2 * m + 1, (len(images), 1), generator=numbers, device=device)
        places.append(_along(torch.arange(side, device=device) + by, (0, axis), dims))
    return padded[tuple(places)]


def _along(numbers: torch.Tensor, axes: tuple[int, ...], dims: int) -> torch.Tensor:
    """Return numbers in so many dimensions, along these axes."""
    sizes = dict(zip(axes, numbers.shape, strict=True))
    return numbers.reshape([sizes.get(axis, 1) for axis in range(dims)])
