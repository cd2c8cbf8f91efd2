"""Input noise: normal noise in front of a network that is trained, drawn from numbers of its own."""

from __future__ import annotations

import types
import weakref
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager import record

from gandoctor.backends.tensorflow.in_graph.train_step import is_muted
from gandoctor.backends.tensorflow.replicas import own_variable

NOISE_SEED = 20_261_128
"""Of the noise: the same in every run, whatever else draws numbers."""
CALLED_IN_A_TRACE: weakref.WeakSet[Any] = weakref.WeakSet()
"""Networks of a program's own loop that were called in a graph before the players were known: it stays as it is."""


def note_traced_call(network: Any) -> None:
    """Remember that a network is being called in a graph that will run, if it is."""
    if not tf.executing_eagerly() and not is_muted():
        CALLED_IN_A_TRACE.add(network)


def add_input_noise(network: Any, deviation: float) -> None:
    """Have a network add noise to the images it is given wherever it is trained.

    That is where it is called with `training=True`, or under a tape: many loops do not say `training`. What gandoctor
    itself asks of it stays without noise. The numbers are those of a counter: no generator of the program moves. What
    observes the network's calls sees what the program gave it. A copy of the network is a plain one.

    Args:
        network: Functional, Sequential or subclassed; its weights and its type stay what they are.
        deviation: Standard deviation of the noise.
    """
    drawn = own_variable(tf.zeros((), tf.int64), "gandoctor_noises_drawn")
    before = network.__dict__.get("call")

    @tf.autograph.experimental.do_not_convert
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_trained(self) and not is_muted():
            args, kwargs = _with_noise((args, kwargs), deviation, drawn)
        return type(self).call(self, *args, **kwargs) if before is None else before(*args, **kwargs)

    # Straight into __dict__, as Keras tracks attributes that are set the ordinary way.
    network.__dict__["call"] = types.MethodType(call, network)


def is_trained(network: Any) -> bool:
    """Tell whether a network or layer that is being called is called to be trained, or to train another."""
    return bool(network._get_call_context().get_value("training")) or record.could_possibly_record()


def _with_noise(given: Any, deviation: float, drawn: Any) -> Any:
    """Return arguments with noise on the images among them; where there are none, on the first rows of floats."""
    leaves = keras.tree.flatten(given)
    rows = [i for i, t in enumerate(leaves) if tf.is_tensor(t) and t.dtype.is_floating and (t.shape.rank or 0) >= 2]
    place = next((i for i in rows if leaves[i].shape.rank >= 3), rows[0] if rows else None)
    if place is None:
        return given
    number = drawn.assign_add(1)
    noise = tf.random.stateless_normal(tf.shape(leaves[place]), [NOISE_SEED, number], dtype=tf.float32)
    leaves[place] = leaves[place] + tf.cast(deviation * noise, leaves[place].dtype)
    return keras.tree.pack_sequence_as(given, leaves)
