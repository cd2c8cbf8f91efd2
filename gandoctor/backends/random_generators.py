"""Random generators of Python and NumPy, and those that a function can reach: put back as they were."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

KINDS: tuple[type, ...] = (np.random.Generator, np.random.RandomState, random.Random)
"""What is known in every framework; one of a framework's own has `get_state` and `set_state`, or a variable `state`."""
_DEPTH = 3
"""Functions within functions that are searched for generators."""


@contextmanager
def python_and_numpy_put_back() -> Iterator[None]:
    """Restore Python's `random` and NumPy's legacy state on leaving."""
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextmanager
def put_back(generators: Iterable[Any]) -> Iterator[None]:
    """Restore random generators on leaving."""
    owned = [(g, _state(g)) for g in {id(g): g for g in generators}.values()]
    try:
        yield
    finally:
        for generator, state in owned:
            _restore(generator, state)


def held_by(owners: Iterable[Any], kinds: tuple[type, ...] = KINDS) -> list[Any]:
    """Return the random generators that objects have as attributes, as a module that adds noise of its own may."""
    return [value for owner in owners for value in _held(owner) if isinstance(value, kinds)]


def generators_of(function: Callable[..., Any], kinds: tuple[type, ...] = KINDS, depth: int = 0) -> list[Any]:
    """Find the random generators a function can reach by name, without calling it.

    They are in its closure, its default arguments, module-level names it uses, the object it is bound to, and in those
    of the functions that it can reach.
    """
    inner = getattr(function, "__func__", function)
    found: list[Any] = [getattr(function, "__self__", None), *(getattr(inner, "__defaults__", None) or ())]
    for cell in getattr(inner, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            continue  # a name not bound yet
    code = getattr(inner, "__code__", None)
    if code is not None:
        found += [inner.__globals__[name] for name in code.co_names if name in inner.__globals__]
    found += [v for owner in list(found) if type(owner).__name__ != "module" for v in _held(owner)]
    generators = [g for g in found if isinstance(g, kinds)]
    if depth < _DEPTH:
        functions = [f for f in found if hasattr(f, "__code__")]
        generators += [g for f in functions for g in generators_of(f, kinds, depth + 1)]
    return generators


def _held(owner: Any) -> list[Any]:
    return list(getattr(owner, "__dict__", {}).values())


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return copy.deepcopy(generator.bit_generator.state)
    if isinstance(generator, random.Random):
        return generator.getstate()
    if hasattr(generator, "get_state"):
        return generator.get_state()
    return np.array(getattr(generator.state, "value", generator.state))  # of Keras, or of TensorFlow


def _restore(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    elif hasattr(generator, "set_state"):
        generator.set_state(state)
    else:
        generator.state.assign(state)
