"""Patches: methods of classes that are replaced, and put back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf


class Patches:
    """Methods that were replaced, in order."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, hook: Callable[..., Any]) -> None:
        """Have `hook(original, self, ...)` called in place of a method."""
        own = name in vars(owner)
        original = getattr(owner, name)

        @functools.wraps(original)
        def replacement(self: Any, *args: Any, **kwargs: Any) -> Any:
            return hook(original, self, *args, **kwargs)

        replacement = tf.autograph.experimental.do_not_convert(replacement)
        self._undo.append((owner, name, original if own else None))
        setattr(owner, name, replacement)

    def restore(self) -> None:
        """Put everything back; safe to call twice."""
        for owner, name, original in reversed(self._undo):
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._undo.clear()
