"""Forward hooks that stay out of copies: of `copy.deepcopy(network)`, `torch.save(network)` and every other pickle."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch

from gandoctor.backends.torch.direct_forward import DIRECT

REDUCE = "__reduce_ex__"
"""What `pickle` and `copy.deepcopy` ask an object for."""
_HOOKS = ("_forward_hooks", "_forward_hooks_with_kwargs")


class ForwardHook:
    """Calls a function after each call of a module, direct ones of its `forward` included, until it is removed.

    PyTorch's hooks belong to the module and are copied with it, and what a recording's hook holds cannot be: files,
    for one. A module is not kept alive by it.

    Args:
        module: The module.
        hook: Called with the module, its arguments, its keyword arguments and what it has returned.
    """

    def __init__(self, module: torch.nn.Module, hook: Callable[[Any, Any, Any, Any], None]) -> None:
        self._module, self._id, self._hook = weakref.ref(module), id(module), hook
        self._handle = module.register_forward_hook(hook, with_kwargs=True)
        DIRECT.add(module, hook)
        reduce = vars(module).get(REDUCE)
        if not isinstance(reduce, _Reduce):
            reduce = vars(module)[REDUCE] = _Reduce(module)
        self._reduce = reduce
        reduce.ids.add(self._handle.id)

    def remove(self) -> None:
        """Take the hook away."""
        self._handle.remove()
        DIRECT.remove(self._id, self._hook)
        self._reduce.ids.discard(self._handle.id)
        module = self._module()
        if module is not None and not self._reduce.ids and vars(module).get(REDUCE) is self._reduce:
            del vars(module)[REDUCE]


class _Reduce:
    """Reduces a module as its class does, without hooks of a recording.

    Attributes:
        ids: Of these hooks.
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = weakref.ref(module)
        self.ids: set[int] = set()

    def __call__(self, protocol: Any) -> Any:
        module = self._module()
        kind: Any = type(module)
        reduced = kind.__reduce_ex__(module, protocol)
        if not isinstance(reduced, tuple) or len(reduced) < 3 or not isinstance(reduced[2], dict):
            return reduced
        state = {name: value for name, value in reduced[2].items() if value is not self}
        for name in _HOOKS:
            if isinstance(state.get(name), dict):
                kept = ((i, hook) for i, hook in state[name].items() if i not in self.ids)
                state[name] = OrderedDict(kept)
        return (*reduced[:2], state, *reduced[3:])
