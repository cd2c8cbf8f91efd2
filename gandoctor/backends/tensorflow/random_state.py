"""Leave no trace in anyone's random numbers: run a block and put every reachable generator back as it was."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR, global_seed_generator
from tensorflow.python.eager import context

from gandoctor.backends.random_generators import KINDS, generators_of, put_back, python_and_numpy_put_back
from gandoctor.errors import UnusableSnapshot

OP_SEEDS = 0x67616E646F63746F72
"""Seed of the operation seeds of what is run here; no program's."""
GLOBAL_RANDOM_ARRAYS: Mapping[str, tuple[tuple[int, ...], str]] = {
    "python": ((625,), "uint32"),
    "python_gauss": ((2,), "float64"),
    "numpy": ((624,), "uint32"),
    "numpy_position": ((), "int64"),
    "numpy_gauss": ((2,), "float64"),
    "tensorflow": ((3,), "int64"),
    "tensorflow_ops": ((625,), "uint32"),
    "keras": ((2,), "int64"),
}
"""Shape and type of the arrays that hold the state of the global generators."""
ALL_KINDS = (*KINDS, tf.random.Generator, keras.random.SeedGenerator)


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
    tf_generator = _tensorflow_global_generator()
    tf_state = None if tf_generator is None else tf.identity(tf_generator.state)
    eager = context.context()
    op_seeds = getattr(eager, "_rng", None)
    if op_seeds is not None:
        # Its numbers name the operations, and each goes on where it was left when it is named again: others are used.
        eager._rng = random.Random(OP_SEEDS)
    keras_generator = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)
    keras_state = None if keras_generator is None else tf.identity(keras_generator.state.value)
    try:
        with python_and_numpy_put_back(), put_back(g for f in functions for g in generators_of(f, ALL_KINDS)):
            yield
    finally:
        if tf_generator is not None:
            tf_generator.state.assign(tf_state)
        if op_seeds is not None:
            eager._rng = op_seeds
        if keras_generator is not None:
            keras_generator.state.assign(keras_state)


def _tensorflow_global_generator() -> Any:
    from tensorflow.python.ops import stateful_random_ops

    return stateful_random_ops.global_generator


def global_random_arrays() -> dict[str, np.ndarray]:
    """Return the state of the global generators that are in use, as `GLOBAL_RANDOM_ARRAYS` has them."""
    _, python, gauss = random.getstate()
    found: dict[str, Any] = {"python": python, "python_gauss": (gauss is not None, gauss or 0.0)}
    numpy: Any = np.random.get_state(legacy=False)
    if numpy["bit_generator"] == "MT19937":
        found |= {"numpy": numpy["state"]["key"], "numpy_position": numpy["state"]["pos"]}
        found["numpy_gauss"] = numpy["has_gauss"], numpy["gauss"]
    if (tf_generator := _tensorflow_global_generator()) is not None:
        found["tensorflow"] = tf_generator.state.numpy()
    if (op_seeds := getattr(context.context(), "_rng", None)) is not None:
        found["tensorflow_ops"] = op_seeds.getstate()[1]
    if (keras_generator := global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)) is not None:
        found["keras"] = keras_generator.state.value.numpy()
    return {name: np.array(value, GLOBAL_RANDOM_ARRAYS[name][1]) for name, value in found.items()}


def set_global_random_state(arrays: Mapping[str, np.ndarray]) -> None:
    """Set the global generators to a state of `global_random_arrays`; those without an array stay as they are.

    Raises:
        UnusableSnapshot: The arrays are no state.
    """
    try:
        random.setstate(_mersenne_twister(arrays["python"], arrays["python_gauss"]))
        if "numpy" in arrays:
            position = int(arrays["numpy_position"])
            if not 0 <= position <= len(arrays["numpy"]):  # NumPy does not look
                raise ValueError("no position")
            has_gauss, gauss = arrays["numpy_gauss"]
            np.random.set_state(("MT19937", arrays["numpy"], position, int(has_gauss), gauss))
        if "tensorflow_ops" in arrays:
            context.context()._rng = random.Random()
            context.context()._rng.setstate(_mersenne_twister(arrays["tensorflow_ops"], np.zeros(2)))
    except (KeyError, ValueError, TypeError):
        raise UnusableSnapshot("The snapshot is damaged: it holds no state of random numbers.") from None
    if "tensorflow" in arrays and (tf_generator := _tensorflow_global_generator()) is not None:
        tf_generator.state.assign(arrays["tensorflow"])
    elif "tensorflow" in arrays:
        tf.random.set_global_generator(tf.random.Generator.from_state(arrays["tensorflow"], alg="philox"))
    if "keras" in arrays:
        global_seed_generator().state.assign(arrays["keras"])


def _mersenne_twister(words: np.ndarray, gauss: np.ndarray) -> tuple[int, tuple[int, ...], float | None]:
    return 3, tuple(map(int, words)), float(gauss[1]) if gauss[0] else None
