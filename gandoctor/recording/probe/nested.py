"""Arrays in tuples, lists and dictionaries, as a conditional network takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def parts(given: Any) -> list[Any]:
    """Return what a network takes, part by part: several of a tuple, list or dictionary, in their order."""
    if isinstance(given, dict):
        return list(given.values())
    return list(given) if isinstance(given, tuple | list) else [given]


def like(given: Any, those: list[Any]) -> Any:
    """Put parts together as `given` is."""
    if isinstance(given, dict):
        return dict(zip(given, those, strict=True))
    if hasattr(given, "_fields"):  # a named tuple
        return type(given)(*those)
    return type(given)(those) if isinstance(given, tuple | list) else those[0]


def flattened(given: Any) -> list[Any]:
    """Return all arrays, also those of structures within structures."""
    if isinstance(given, dict | tuple | list):
        return [array for part in parts(given) for array in flattened(part)]
    return [given]


def mapped(function: Callable[[Any], Any], given: Any) -> Any:
    """Apply a function to every array; the structure stays."""
    if isinstance(given, dict | tuple | list):
        return like(given, [mapped(function, part) for part in parts(given)])
    return function(given)
