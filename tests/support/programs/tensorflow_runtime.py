"""TensorFlow made repeatable: op determinism, one thread, seeds, and its random states as text."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf


def prepare() -> None:
    """Make every op of this process deterministic."""
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()


def reset() -> None:
    """Begin anew."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    tf.random.set_global_generator(tf.random.Generator.from_seed(7))


def random_states() -> dict[str, str]:
    """TensorFlow's and Keras's global random states."""
    return {
        "tensorflow": str(tf.random.normal((3,)).numpy()),
        "tensorflow generator": str(tf.random.get_global_generator().state.numpy()),
        "keras": str(keras.random.normal((3,)).numpy()),
    }
