"""Direct calls of `forward`: `self.forward(x)` or `network.forward(x)`, which no hook of PyTorch's hears of.

Such a call shows in the parts of the network, which are called with nothing around them. The function `forward` of
its class is then replaced for the length of the recording: on the class, as an instance is pickled with what it holds.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch

from gandoctor.backends.torch.wrapped import Wrapped

FRAMES_MAX = 16
"""How far up the stack a `forward` is looked for."""
_MODULES = torch.nn.modules.module.__name__
"""The module whose code calls `forward` after the hooks."""

Before = Callable[[Any, Any], None]
After = Callable[[Any, Any, Any, Any], None]


class _DirectForward:
    """Tells of direct calls, from the second one of a class on: the first one has begun when it is seen."""

    def __init__(self) -> None:
        self._wrapped = Wrapped()
        self._classes: set[type] = set()
        self._around: tuple[Before, After] | None = None
        self._hooks: dict[int, list[After]] = {}

    def begin(self, before: Before, after: After) -> None:
        """Have every direct call told from now on, as hooks of all modules hear of the others."""
        self._around = before, after

    def end(self) -> None:
        """Put every class back; safe to call twice."""
        self._around = None
        self._wrapped.restore()
        self._classes.clear()

    def add(self, module: Any, hook: After) -> None:
        """Have direct calls of a module told."""
        self._hooks.setdefault(id(module), []).append(hook)

    def remove(self, module_id: int, hook: After) -> None:
        """Tell of a module's calls no more; the module may be gone."""
        kept = [one for one in self._hooks.pop(module_id, []) if one is not hook]
        if kept:
            self._hooks[module_id] = kept

    def look(self) -> bool:
        """Look for direct calls that are under way, where a module is called with no other around it.

        Returns:
            Whether there is one that is not told.
        """
        known, looked = len(self._classes), 0
        frame = inspect.currentframe()
        while frame is not None and looked < FRAMES_MAX:
            if frame.f_code.co_name == "forward" and not _is_by_modules(frame):
                self._wrap(frame)
            frame, looked = frame.f_back, looked + 1
        return len(self._classes) > known

    def _wrap(self, frame: FrameType) -> None:
        """Replace the function that runs in a frame, where it is the `forward` of a module."""
        names = frame.f_code.co_varnames
        module = frame.f_locals.get(names[0]) if names else None
        owner = next((kind for kind in type(module).__mro__ if "forward" in vars(kind)), None)
        if not isinstance(module, torch.nn.Module) or owner is None or owner in self._classes:
            return
        code = getattr(vars(owner)["forward"], "__code__", None)
        if owner.__module__.startswith("torch.") or code is not frame.f_code:
            return
        self._classes.add(owner)
        self._wrapped.wrap(owner, "forward", self._forward)

    def _forward(self, original: Callable[..., Any], module: Any, *args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling() or not self._is_direct(original, module, sys._getframe(2)):
            return original(module, *args, **kwargs)
        output, around = None, self._around
        if around is not None:
            around[0](module, args)
        try:
            output = original(module, *args, **kwargs)
        finally:
            if around is not None:
                around[1](module, args, kwargs, output)
        for hook in tuple(self._hooks.get(id(module), ())):
            hook(module, args, kwargs, output)
        return output

    @staticmethod
    def _is_direct(original: Callable[..., Any], module: Any, caller: FrameType) -> bool:
        """Tell a direct call from PyTorch's own, and from that of a base class by the class made of it."""
        own = getattr(type(module).forward, "__wrapped__", None)
        return own is original and caller.f_globals.get("__name__") != _MODULES


def is_part_of_caller(module: Any) -> bool:
    """Tell whether a module is called in a method of a network that it is a part of; asked in a hook of its call."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") != _MODULES:
        frame = frame.f_back
    while frame is not None and frame.f_globals.get("__name__") == _MODULES:
        frame = frame.f_back
    names = () if frame is None else frame.f_code.co_varnames[:1]
    if frame is None or names != ("self",):
        return False
    owner = frame.f_locals.get("self")
    return isinstance(owner, torch.nn.Module) and any(part is module for part in owner.modules())


def _is_by_modules(frame: FrameType) -> bool:
    return frame.f_back is not None and frame.f_back.f_globals.get("__name__") == _MODULES


DIRECT = _DirectForward()
"""The only one: it replaces what belongs to classes."""
