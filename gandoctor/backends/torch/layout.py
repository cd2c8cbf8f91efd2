"""Layout: PyTorch puts channels first, everything that is recorded has them last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

CHANNELS_MAX = 4
"""Channels up to which an axis may be taken for that of an image."""


class Layout:
    """Turns batches around between the two; vectors, labels and everything of another rank stay as they are.

    Args:
        has_series: Whether batches of rank 3 are series with channels first, as one-dimensional convolutions take them.
    """

    def __init__(self, has_series: bool) -> None:
        self._ranks = (3, 4) if has_series else (4,)

    def last(self, array: np.ndarray) -> np.ndarray:
        """Return a batch of PyTorch's with channels last."""
        return np.moveaxis(array, 1, -1) if array.ndim in self._ranks else array

    def first(self, array: np.ndarray) -> np.ndarray:
        """Return a recorded batch with channels first."""
        return np.moveaxis(array, -1, 1) if array.ndim in self._ranks else array

    def as_recorded(self, data: Any) -> Any:
        """Return real data of the user's with channels last; images that have them last already stay so.

        Args:
            data: Arrays or tensors, alone or in a tuple, list or dictionary.
        """
        if isinstance(data, dict):
            return {name: self.as_recorded(part) for name, part in data.items()}
        if isinstance(data, list | tuple) and any(hasattr(part, "shape") for part in data):
            return type(data)(self.as_recorded(part) for part in data)
        if not hasattr(data, "shape"):
            return data
        array = data.detach().cpu().numpy() if isinstance(data, torch.Tensor) else np.asarray(data)
        if array.ndim == 4 and array.shape[-1] <= CHANNELS_MAX < array.shape[1]:
            return array
        return self.last(array)


def has_convolutions_of_series(network: Any) -> bool:
    """Tell whether a module convolves series."""
    return any(isinstance(m, torch.nn.Conv1d | torch.nn.ConvTranspose1d) for m in network.modules())
