"""Wrapped: functions of PyTorch that are replaced for the length of a recording, and put back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


class Wrapped:
    """Functions that were replaced, in order."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any, Any]] = []

    def wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        """Have `wrapper(original, ...)` called in place of a function."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def ours(*args: Any, **kwargs: Any) -> Any:
            return wrapper(original, *args, **kwargs)

        setattr(owner, name, ours)
        self._originals.append((owner, name, original, ours))

    def restore(self) -> None:
        """Put everything back; what someone has wrapped since stays, and only passes through."""
        for owner, name, original, ours in reversed(self._originals):
            if getattr(owner, name) is ours:
                setattr(owner, name, original)
        self._originals.clear()
