"""Leave no trace in anyone's random numbers: run a block and put every reachable generator back as it was."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from tensorflow.python.eager import context


@contextmanager
def preserved_random_state(*functions: Callable[..., Any]) -> Iterator[None]:
    """Restore global and reachable generators on leaving.

    Covers Python's `random`, NumPy's legacy state, TensorFlow's global generator and eager op-seed counter, Keras's
    global seed generator, and every NumPy or TensorFlow generator that the given functions hold in a closure, a
    default argument, a module-level name they use, or the object they are bound to. A sampler written as
    `lambda n: rng.uniform(-1, 1, (n, 100))` usually shares `rng` with the training loop.

    Args:
        functions: User functions called inside the block.
    """
    python_state = random.getstate()
    numpy_state = np.random.get_state()
    tf_generator = _tensorflow_global_generator()
    tf_state = None if tf_generator is None else tf.identity(tf_generator.state)
    eager = context.context()
    op_seeds = getattr(eager, "_rng", None)
    op_state = None if op_seeds is None else op_seeds.getstate()
    keras_generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
    keras_state = None if keras_generator is None else tf.identity(keras_generator.state.value)
    owned = [(g, _state(g)) for f in functions for g in _generators_of(f)]
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        if tf_generator is not None:
            tf_generator.state.assign(tf_state)
        if op_seeds is not None:
            op_seeds.setstate(op_state)
            eager._rng = op_seeds
        if keras_generator is not None:
            keras_generator.state.assign(keras_state)
        for generator, state in owned:
            _restore(generator, state)


def _tensorflow_global_generator() -> Any:
    from tensorflow.python.ops import stateful_random_ops

    return stateful_random_ops.global_generator


def _generators_of(function: Callable[..., Any]) -> list[Any]:
    """Find the random generators a function can reach by name, without calling it."""
    found: list[Any] = [getattr(function, "__self__", None)]
    inner = getattr(function, "__func__", function)
    found += list(getattr(inner, "__defaults__", None) or ())
    for cell in getattr(inner, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:
            continue  # a name not bound yet
    code = getattr(inner, "__code__", None)
    if code is not None:
        found += [inner.__globals__[name] for name in code.co_names if name in inner.__globals__]
    found += [v for owner in list(found) for v in getattr(owner, "__dict__", {}).values() if not _is_module(owner)]
    kinds = (np.random.Generator, np.random.RandomState, random.Random, tf.random.Generator)
    unique = {id(g): g for g in found if isinstance(g, kinds) or type(g).__name__ == "SeedGenerator"}
    return list(unique.values())


def _is_module(value: Any) -> bool:
    return type(value).__name__ == "module"


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return copy.deepcopy(generator.bit_generator.state)
    if isinstance(generator, np.random.RandomState):
        return generator.get_state()
    if isinstance(generator, random.Random):
        return generator.getstate()
    return tf.identity(getattr(generator.state, "value", generator.state))


def _restore(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif isinstance(generator, np.random.RandomState):
        generator.set_state(state)
    elif isinstance(generator, random.Random):
        generator.setstate(state)
    else:
        generator.state.assign(state)
