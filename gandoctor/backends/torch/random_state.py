"""Leave no trace in anyone's random numbers: run a block and put every reachable generator back as it was."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

_KINDS = (np.random.Generator, np.random.RandomState, random.Random, torch.Generator)
_DEPTH = 3
"""Functions within functions that are searched for generators."""


@contextmanager
def preserved_random_state(*functions: Callable[..., Any]) -> Iterator[None]:
    """Restore global and reachable generators on leaving.

    Covers Python's `random`, NumPy's legacy state, PyTorch's default generators of the CPU and of every CUDA device in
    use, and every generator that the given functions hold in a closure, a default argument, a module-level name they
    use, or the object they are bound to.

    Args:
        functions: User functions called inside the block.
    """
    python_state, numpy_state, torch_state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None
    try:
        with put_back(g for f in functions for g in _generators_of(f)):
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        torch.set_rng_state(torch_state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


@contextmanager
def put_back(generators: Iterable[Any]) -> Iterator[None]:
    """Restore random generators on leaving."""
    owned = [(g, _state(g)) for g in {id(g): g for g in generators}.values()]
    try:
        yield
    finally:
        for generator, state in owned:
            _restore(generator, state)


def held_by(owners: Iterable[Any]) -> list[Any]:
    """Return the random generators that objects have as attributes, as a module that adds noise of its own may."""
    return [value for owner in owners for value in _held(owner) if isinstance(value, _KINDS)]


def _generators_of(function: Any, depth: int = 0) -> list[Any]:
    """Find the random generators a function can reach by name, without calling it."""
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
    generators = [g for g in found if isinstance(g, _KINDS)]
    if depth < _DEPTH:
        functions = [f for f in found if hasattr(f, "__code__")]
        generators += [g for f in functions for g in _generators_of(f, depth + 1)]
    return generators


def _held(owner: Any) -> list[Any]:
    return list(getattr(owner, "__dict__", {}).values())


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return copy.deepcopy(generator.bit_generator.state)
    if isinstance(generator, np.random.RandomState | torch.Generator):
        return generator.get_state()
    return generator.getstate()


def _restore(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, np.random.RandomState | torch.Generator):
        generator.set_state(state)
    else:
        generator.setstate(state)
