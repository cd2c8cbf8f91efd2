"""Rows: the scalars of each step, left on their device until they are fetched together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


class Rows:
    """Named scalars a step; one that was not put is absent."""

    def __init__(self) -> None:
        self._row: dict[str, tuple[Any, Any]] = {}
        self._done: list[dict[str, tuple[Any, Any]]] = []
        self.ended = 0

    def put(self, values: Mapping[str, Any], when: Any) -> None:
        """Take scalars of the step under way; the last write counts, unless it is not to be recorded.

        Raises:
            ValueError: A value is not one number.
        """
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                if value.numel() != 1:
                    raise ValueError(f"expected one number, got a tensor of shape {tuple(value.shape)}")
                if value.requires_grad or value.dim():
                    value = value.detach().reshape(())
            if when is False:
                continue
            self._row[name] = value, when

    def end(self) -> None:
        """Close the row of the step under way."""
        self._done.append(self._row)
        self._row = {}
        self.ended += 1

    def drain(self) -> list[dict[str, float]]:
        """Return the closed rows, oldest first; one transfer a device and precision, whatever the number of steps."""
        rows, self._done = self._done, []
        tensors = [t for row in rows for pair in row.values() for t in pair if isinstance(t, torch.Tensor)]
        numbers = _fetched(tensors)

        def number(value: Any) -> float:
            return numbers[id(value)] if isinstance(value, torch.Tensor) else float(value)

        return [{name: number(value) for name, (value, when) in row.items() if number(when)} for row in rows]


def _fetched(tensors: list[torch.Tensor]) -> dict[int, float]:
    alike: dict[tuple[torch.device, torch.dtype], list[torch.Tensor]] = {}
    for tensor in tensors:
        alike.setdefault((tensor.device, tensor.dtype), []).append(tensor)
    found: dict[int, float] = {}
    for several in alike.values():
        found |= dict(zip(map(id, several), map(float, torch.stack(several).tolist()), strict=True))
    return found
