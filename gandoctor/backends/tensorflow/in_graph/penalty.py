"""The gradient, by a discriminator's weights, of its squared slope at images, in a graph; nothing of it moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager import record
from tensorflow.python.framework import random_seed

from gandoctor.backends.tensorflow.discovery.flow import OPERATIONS_MAX
from gandoctor.backends.tensorflow.in_graph.train_step import unobserved, wrapped

_RESHAPING = frozenset({"Cast", "ExpandDims", "Identity", "Reshape", "Squeeze"})
_OPAQUE = frozenset({"PyFunc", "PyFuncStateless"})
_DEPTH = 8


class CannotPenalise(Exception):
    """Says why, as the end of a sentence."""


@dataclass(frozen=True)
class Penalised:
    """A call of the discriminator, and what of it is real.

    Attributes:
        args, kwargs, training: Of the call.
        index: Of the image among the leaves of both.
        is_real: Of each row of it, 1 or 0, float32 (n,).
        channels: First and behind the last channel of the image; None for all.
    """

    args: Any
    kwargs: Any
    training: bool | None
    index: int
    is_real: Any
    channels: tuple[int, int] | None


def penalty_gradients(network: Any, weights: list[Any], calls: Sequence[Penalised], gamma: float) -> list[Any]:
    """Return the gradient of `gamma / 2 * the mean of |grad_x D(x)|^2` by each weight; None where it depends on none.

    The network is called as the program has called it, with nothing that it writes written: no statistic, seed or
    kernel. Noise that was put before it, and normalisation that its kernels have been given, are not applied again.

    Args:
        network: The discriminator.
        weights: Keras variables of it.
        calls: Of the graph being traced.
        gamma: 0 or more.

    Raises:
        CannotPenalise: It has no score an image, or cannot be differentiated twice.
    """
    if not weights:
        raise CannotPenalise("none of its weights is trained")
    try:
        with _leaving_no_trace(network):
            values = [tf.identity(v.value) for v in weights]
            squares, counts = [], []
            for call in calls:
                squares.append(_squares(network, list(zip(weights, values, strict=True)), call))
                counts.append(tf.reduce_sum(call.is_real))
            mean = tf.add_n(squares) / tf.add_n(counts)
            found = tf.gradients(0.5 * gamma * mean, values)  # by the graph: no tape records it
            return [None if g is None else tf.convert_to_tensor(g) for g in found]
    except CannotPenalise:
        raise
    except Exception as error:  # of the network, whatever it computes
        first = next(iter(str(error).splitlines()), "")
        raise CannotPenalise(f"it cannot be differentiated twice ({type(error).__name__}: {first})") from error


def _squares(network: Any, values: list[tuple[Any, Any]], call: Penalised) -> Any:
    """Return the sum of the squared slopes at the real images of a call."""
    leaves = list(keras.tree.flatten((call.args, call.kwargs)))
    image = leaves[call.index] = tf.stop_gradient(leaves[call.index])
    args, kwargs = keras.tree.pack_sequence_as((call.args, call.kwargs), leaves)
    with keras.StatelessScope(values):
        output = network(*args, **kwargs, training=call.training)
    score = _logit(_score(output, image))
    (slope,) = tf.gradients(score * tf.cast(_along(call.is_real, score), score.dtype), image)
    if slope is None:
        raise CannotPenalise("its score does not depend on its images")
    slope = tf.convert_to_tensor(slope)
    opaque = _opaque(slope, image)
    if opaque is not None:
        raise CannotPenalise(f"it cannot be differentiated twice: {opaque} has no gradient")
    if call.channels is not None:
        slope = slope[..., call.channels[0] : call.channels[1]]
    slope = tf.cast(slope, tf.float32)
    return tf.reduce_sum(tf.square(slope) * _along(call.is_real, slope))


def _opaque(slope: Any, image: Any) -> str | None:
    """Return the type of an operation between the images and the slope that gradients stop at without a word."""
    waiting, known = [slope.op], {image.op}
    while waiting and len(known) < OPERATIONS_MAX:
        op = waiting.pop()
        if op in known:
            continue
        known.add(op)
        if op.type in _OPAQUE:
            return str(op.type)
        waiting.extend(t.op for t in op.inputs)
    return None


def _along(is_real: Any, batch: Any) -> Any:
    """Return (n,) as (n, 1, ...), to be multiplied with a batch."""
    return tf.reshape(is_real, [-1, *[1] * (batch.shape.rank - 1)])


def _score(output: Any, image: Any) -> Any:
    """Return the one output that is a number an image, (n,) or (n, 1), or a map of patches, (n, ..., 1).

    Raises:
        CannotPenalise: There is none, or there are several.
    """
    tensors = [t for t in keras.tree.flatten(output) if tf.is_tensor(t) and t.dtype.is_floating]
    count = image.shape[0]
    found = [
        t
        for t in tensors
        if (rank := t.shape.rank)
        and (rank == 1 or t.shape[-1] == 1)
        and (count is None or t.shape[0] is None or t.shape[0] == count)
    ]
    if len(found) == 1:
        return found[0]
    shapes = ", ".join(str(tuple(t.shape)) for t in tensors)
    raise CannotPenalise(f"of what it returns ({shapes}), which is one score an image is not known")


def _logit(score: Any) -> Any:
    """Return what a final sigmoid was given, in the shape of the score; the score where there is none."""
    current = score
    for _ in range(_DEPTH):
        if current.op.type == "Sigmoid":
            return tf.reshape(current.op.inputs[0], tf.shape(score))
        if current.op.type not in _RESHAPING:
            break
        current = current.op.inputs[0]
    return score


@contextmanager
def _leaving_no_trace(network: Any) -> Iterator[None]:
    """Have the recording see nothing, and leave the seeds of the operations that follow in the graph as they are."""
    graph = tf.compat.v1.get_default_graph()
    seeds = random_seed._graph_to_seed_dict.get(graph)
    wrappers = [w for w in network._flatten_layers() if isinstance(w, keras.layers.SpectralNormalization)]
    with ExitStack() as stack:
        stack.enter_context(unobserved())
        stack.enter_context(record.stop_recording())
        for wrapper in wrappers:  # its kernel is the normalised one already
            stack.enter_context(wrapped(wrapper, "call", _without_training))
        try:
            yield
        finally:
            if seeds is None:
                random_seed._graph_to_seed_dict.pop(graph, None)
            else:
                random_seed._graph_to_seed_dict[graph] = seeds


def _without_training(original: Any) -> Any:
    def call(inputs: Any, training: bool = False) -> Any:
        return original(inputs)

    return call
