"""Samples that a PyTorch program makes to look at: calls of the generator, or of a copy of it, that no step uses."""

from __future__ import annotations

import itertools
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

import torch

from gandoctor.backends.discovery.copies import COPIES_MAX, copies_of
from gandoctor.backends.torch.forward_hooks import ForwardHook
from gandoctor.backends.torch.passes import Arguments, first_of
from gandoctor.backends.torch.wrapped import Wrapped
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
        self._later: weakref.WeakKeyDictionary[torch.nn.Module, ForwardHook] = weakref.WeakKeyDictionary()
        self._by_later: OrderedDict[int, deque[Draw]] = OrderedDict()  # by the id of who made it, who may be gone
        self._shapes: list[tuple[str, torch.Size]] = []

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
        """Tell of what was made since the last update, and lately by networks that were made during training."""
        for draw in itertools.chain(self._pending, *self._by_later.values()):
            self._listener.drew(draw)
        self._pending.clear()
        self._by_later.clear()

    def watch_copies(
        self, generator: torch.nn.Module, players: Sequence[torch.nn.Module], wrapped: Wrapped
    ) -> list[Any]:
        """Set hooks on networks of the generator's build; return what removes them.

        One that is made or copied later is watched from then on: a program may put an average's weights into a new
        network once training is over. As it may be trained yet, it is not told of before the end.
        """
        known = [m for player in players for m in player.modules()]
        self._shapes = _shapes(generator)
        wrapped.wrap(torch.nn.Module, "__init__", self._made_later(type(generator)))
        wrapped.wrap(torch.nn.Module, "__setstate__", self._made_later(type(generator)))
        return [ForwardHook(copy, self._copied) for copy in copies_of(generator, _shapes, known)]

    def end(self) -> None:
        """Watch no network any more that was made later."""
        for hook in list(self._later.values()):
            hook.remove()
        self._later.clear()

    def _made_later(self, kind: type) -> Callable[..., Any]:
        def make(original: Callable[..., Any], module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            result = original(module, *args, **kwargs)
            if type(module) is kind:
                with self._listener.contained():
                    self._later[module] = ForwardHook(module, self._called_later)
            return result

        return make

    def _called_later(self, module: torch.nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        if torch.compiler.is_compiling() or module not in self._later:
            return
        with self._listener.contained(), torch.no_grad():
            first = first_of(output)
            if not isinstance(first, torch.Tensor) or first.requires_grad or _shapes(module) != self._shapes:
                self._by_later.pop(id(module), None)
                self._later.pop(module).remove()  # it is trained, or is something else
                return
            given = _inputs(Arguments(args, kwargs).tensors)
            draws = self._by_later.setdefault(id(module), deque(maxlen=PENDING_MAX))  # they may be drawn one by one
            draws.append(Draw("copy", given, first.detach(), module.training))
            while len(self._by_later) > COPIES_MAX:
                self._by_later.popitem(last=False)

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
