"""Call a function as soon as the user's script has imported a given module."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def when_imported(name: str, act: Callable[[ModuleType], None]) -> None:
    """Call `act` with the module as soon as it is imported, or at once if it already is.

    Keras reads environment variables when it is imported, and the user's script may set them first. So gandoctor must
    not import Keras before the script does.

    Args:
        name: Absolute module name.
        act: Takes the module. It must not raise, because the import would seem to fail.
    """
    if name in sys.modules:
        act(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Watch(name, act))


class _Watch(MetaPathFinder):
    """Adds the call to the loader that the other finders return; finds nothing itself."""

    def __init__(self, name: str, act: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._act = act
        self._asking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name or self._asking:
            return None
        self._asking = True
        try:
            spec = find_spec(fullname)
        finally:
            self._asking = False
        if spec is None or spec.loader is None:
            return None
        self._call_after(spec.loader)
        return spec

    def _call_after(self, loader: Any) -> None:
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            original(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            self._act(module)

        # Set on the instance and removed after use, so that the module keeps its usual loader.
        loader.exec_module = exec_module
