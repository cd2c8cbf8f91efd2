"""The hooks around every `optimizer.step`, set once however many listen: one may begin to listen inside of another.

PyTorch goes through its own list of hooks while they are called, so that nothing can be added to it by one of them.
"""

from __future__ import annotations

import functools
from typing import Any, Protocol

from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook


class StepListener(Protocol):
    """Called around `optimizer.step`."""

    def before_step(self, optimizer: Any) -> None:
        """The optimizer is about to move weights."""

    def after_step(self, optimizer: Any) -> None:
        """It has moved them."""


class _StepHooks:
    """Those who listen, in the order in which they began to; the last one is the first to hear that a step is over."""

    def __init__(self) -> None:
        self._listeners: list[StepListener] = []
        self._handles: list[Any] = []
        self._running = 0
        self._awaited: set[int] = set()  # optimizers whose closure has not been called yet

    def add(self, listener: StepListener) -> None:
        self._listeners.append(listener)
        if not self._handles:
            self._handles.append(register_optimizer_step_pre_hook(self._before))
            self._handles.append(register_optimizer_step_post_hook(self._after))

    def remove(self, listener: StepListener) -> None:
        self._listeners = [one for one in self._listeners if one is not listener]
        if not self._listeners and not self._running:
            for handle in self._handles:
                handle.remove()
            self._handles.clear()

    def _before(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        """Tell that weights are about to move: of `step(closure)` once the closure has made the gradients."""
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if not callable(closure):
            self._tell_before(optimizer)
            return None
        self._awaited.add(id(optimizer))

        @functools.wraps(closure)
        def told() -> Any:
            result = closure()
            if id(optimizer) in self._awaited:  # the first call: L-BFGS makes several, and moves weights in between
                self._awaited.discard(id(optimizer))
                self._tell_before(optimizer)
            return result

        if "closure" in kwargs:
            return args, {**kwargs, "closure": told}
        return (args[0], told, *args[2:]), kwargs

    def _tell_before(self, optimizer: Any) -> None:
        self._running += 1
        try:
            told: list[StepListener] = []
            while left := [one for one in self._listeners if not any(one is other for other in told)]:
                told.append(left[0])
                left[0].before_step(optimizer)
        finally:
            self._running -= 1

    def _after(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if id(optimizer) in self._awaited:  # it has not called its closure, so nobody knows of this step
            self._awaited.discard(id(optimizer))
            return
        self._running += 1
        try:
            for listener in reversed(list(self._listeners)):
                listener.after_step(optimizer)
        finally:
            self._running -= 1


STEPS = _StepHooks()
