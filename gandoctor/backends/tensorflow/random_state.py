"""Leave no trace in anyone's random numbers: run a block and put every reachable generator back as it was."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from tensorflow.python.eager import context

from gandoctor.backends.random_generators import KINDS, generators_of, put_back, python_and_numpy_put_back

OP_SEEDS = 0x67616E646F63746F72
"""Seed of the operation seeds of what is run here; no program's."""
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
