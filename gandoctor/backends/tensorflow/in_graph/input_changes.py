"""Input changes: noise or shifts in front of a network that is trained, drawn from numbers of their own."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager import record

from gandoctor.backends.tensorflow.in_graph.train_step import is_muted
from gandoctor.backends.tensorflow.replicas import own_variable
from gandoctor.player_names import INPUT_NOISE, INPUT_SHIFT
from gandoctor.recording.input_shift import cannot_shift_rows, check_shift

SEED = 20_261_128
"""Of the numbers: the same in every run, whatever else draws some."""
CALLED_IN_A_TRACE: weakref.WeakSet[Any] = weakref.WeakSet()
"""Networks of a program's own loop that were called in a graph before the players were known: it stays as it is."""


def note_traced_call(network: Any) -> None:
    """Remember that a network is being called in a graph that will run, if it is."""
    if not tf.executing_eagerly() and not is_muted():
        CALLED_IN_A_TRACE.add(network)


def change_input(network: Any, what: str, value: float) -> None:
    """Have a network change the images it is given wherever it is trained, real and generated alike.

    That is where it is called with `training=True`, or under a tape: many loops do not say `training`. What gandoctor
    itself asks of it stays as it is. The numbers are those of a counter: no generator of the program moves. What
    observes the network's calls sees what the program gave it. A copy of the network is a plain one.

    Args:
        network: Functional, Sequential or subclassed; its weights and its type stay what they are.
        what: `INPUT_NOISE`, or `INPUT_SHIFT`.
        value: Standard deviation of the noise; largest shift as a share of each side.

    Raises:
        GandoctorError: The value is out of range.
    """
    if what == INPUT_SHIFT:
        check_shift(value)
    changed = {INPUT_NOISE: _noisy, INPUT_SHIFT: _shifted}[what]
    calls = own_variable(tf.zeros((), tf.int64), "gandoctor_inputs_changed")
    before = network.__dict__.get("call")

    @tf.autograph.experimental.do_not_convert
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_trained(self) and not is_muted():
            args, kwargs = _changed((args, kwargs), lambda images: changed(images, value, calls.assign_add(1)))
        return type(self).call(self, *args, **kwargs) if before is None else before(*args, **kwargs)

    # Straight into __dict__, as Keras tracks attributes that are set the ordinary way.
    network.__dict__["call"] = types.MethodType(call, network)


def is_trained(network: Any) -> bool:
    """Tell whether a network or layer that is being called is called to be trained, or to train another."""
    return bool(network._get_call_context().get_value("training")) or record.could_possibly_record()


def _changed(given: Any, change: Callable[[Any], Any]) -> Any:
    """Return arguments with the images among them changed; where there are none, the first rows of floats."""
    leaves = keras.tree.flatten(given)
    rows = [i for i, t in enumerate(leaves) if tf.is_tensor(t) and t.dtype.is_floating and (t.shape.rank or 0) >= 2]
    place = next((i for i in rows if leaves[i].shape.rank >= 3), rows[0] if rows else None)
    if place is None:
        return given
    leaves[place] = change(leaves[place])
    return keras.tree.pack_sequence_as(given, leaves)


def _noisy(images: Any, deviation: float, number: Any) -> Any:
    noise = tf.random.stateless_normal(tf.shape(images), [SEED, number], dtype=tf.float32)
    return images + tf.cast(deviation * noise, images.dtype)


def _shifted(images: Any, share: float, number: Any) -> Any:
    """Shift every image by itself; what comes into sight is its own edge."""
    if images.shape.rank < 3:
        raise cannot_shift_rows()
    for axis in range(1, images.shape.rank - 1):
        size = tf.shape(images)[axis]
        most = tf.cast(tf.round(share * tf.cast(size, tf.float32)), tf.int32)
        seed = [SEED + axis, number]
        by = tf.random.stateless_uniform(tf.shape(images)[:1], seed, -most, most + 1, tf.int32)
        places = tf.clip_by_value(tf.range(size)[None] + by[:, None], 0, size - 1)
        images = tf.gather(images, places, axis=axis, batch_dims=1)
    return images
