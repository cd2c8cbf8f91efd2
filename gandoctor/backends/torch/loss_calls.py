"""LossCalls: what the losses of classifiers are given. PyTorch's two take logits, and logarithms of probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from gandoctor.backends.torch.wrapped import Wrapped
from gandoctor.recording.backend import Listener
from gandoctor.store.cards import Given, LossCallCard

CALLS = 40
"""Calls of each loss that are looked at: each look waits for the device."""
TOLERANCE = 1e-3
NAMES = ("cross_entropy", "nll_loss")


class LossCalls:
    """Looks at the first calls of `torch.nn.functional.cross_entropy` and `nll_loss`, which their modules use.

    Args:
        listener: Contains failures.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._given: dict[str, list[Given]] = {name: [] for name in NAMES}

    def wrap(self, wrapped: Wrapped) -> None:
        """Have both functions looked at."""
        for name in NAMES:
            wrapped.wrap(torch.nn.functional, name, self._seeing(name))

    def cards(self) -> dict[str, LossCallCard]:
        """Return the losses that were called, by name."""
        return {
            name: LossCallCard(calls=len(given), given=given[0] if len(set(given)) == 1 else "any")
            for name, given in self._given.items()
            if given
        }

    def _seeing(self, name: str) -> Callable[..., Any]:
        def call(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            values = args[0] if args else kwargs.get("input")
            if len(self._given[name]) < CALLS and isinstance(values, torch.Tensor):
                with self._listener.contained(), torch.no_grad():
                    self._given[name].append(_kind(values))
            return original(*args, **kwargs)

        return call


def _kind(values: torch.Tensor) -> Given:
    """Tell what numbers can be: rows of probabilities, their logarithms, or anything."""
    if values.dim() < 1 or not values.is_floating_point():
        return "any"
    classes = 1 if values.dim() > 1 else 0
    if values.shape[classes] < 2:
        return "any"
    rows = values.detach().float()
    if bool((rows >= 0).all()) and bool(((rows.sum(classes) - 1).abs() < TOLERANCE).all()):
        return "probabilities"
    if bool((rows <= 0).all()) and bool((rows.logsumexp(classes).abs() < TOLERANCE).all()):
        return "log-probabilities"
    return "any"
