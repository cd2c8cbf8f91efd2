"""Samples that a PyTorch program makes to look at: calls of the generator, or of a copy of it, that no step uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from gandoctor.backends.discovery.copies import copies_of
from gandoctor.backends.torch.forward_hooks import ForwardHook
from gandoctor.backends.torch.passes import Arguments, first_of
from gandoctor.recording.backend import Listener
from gandoctor.recording.in_step import Draw

PENDING_MAX = 64
"""Calls since the last update that are remembered."""


class Drawn:
    """Tells the listener of such samples.

    A call without a gradient is told at once: that is how samples are made, and the listener finds out where fakes are,
    too. One with a gradient is told at the end if no update has followed it.

    Args:
        listener: Is told.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._pending: list[Draw] = []
        self._trained: set[int] = set()

    def made(self, module: torch.nn.Module, given: list[torch.Tensor], output: torch.Tensor) -> None:
        """The generator has returned something."""
        draw = Draw("generator", _inputs(given), output.detach(), module.training)
        if output.requires_grad:
            self._pending = [*self._pending[1 - PENDING_MAX :], draw]
        else:
            self._listener.drew(draw)

    def updated(self) -> None:
        """An update follows: what was made before it may have been for it."""
        self._pending.clear()

    def tell(self) -> None:
        """Tell of what was made since the last update."""
        for draw in self._pending:
            self._listener.drew(draw)
        self._pending.clear()

    def watch_copies(self, generator: torch.nn.Module, players: Sequence[torch.nn.Module]) -> list[Any]:
        """Set hooks on networks of the generator's build; return what removes them."""
        known = [m for player in players for m in player.modules()]
        copies = copies_of(generator, _shapes, known)
        return [ForwardHook(copy, self._copied) for copy in copies]

    def _copied(self, module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        with self._listener.contained(), torch.no_grad():
            first = first_of(output)
            if not isinstance(first, torch.Tensor) or id(module) in self._trained:
                return
            if first.requires_grad:  # the generator of another game, or a network that is trained beside
                self._trained.add(id(module))
                return
            self._listener.drew(Draw("copy", _inputs(Arguments(args, kwargs).tensors), first.detach(), module.training))


def _inputs(given: list[torch.Tensor]) -> Any:
    tensors = [t.detach() for t in given]
    return tensors[0] if len(tensors) == 1 else tensors


def _shapes(network: torch.nn.Module) -> list[tuple[str, torch.Size]]:
    return [(name, p.shape) for name, p in network.named_parameters()]
