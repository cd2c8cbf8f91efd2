"""Samples that a Keras program makes to look at: eager calls of the generator outside of tapes, and `predict`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from gandoctor.backends.discovery.copies import copies_of
from gandoctor.backends.tensorflow.in_graph.train_step import is_muted, may_differentiate, wrapped
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.recording.backend import Listener
from gandoctor.recording.in_step import Draw


@contextmanager
def draws_seen(generator: Any, discriminator: Any, listener: Listener) -> Iterator[None]:
    """Have the listener told of every such call inside the block, of the generator and of copies of it.

    A generator of several networks is left out: nothing tells which of their calls belong together.
    """
    members = members_of(generator)
    with ExitStack() as stack:
        if len(members) == 1:
            stack.enter_context(_drawn_from("generator", members[0], listener))
            with listener.contained():
                for copy in copies_of(members[0], _shapes, [generator, *members_of(discriminator)]):
                    stack.enter_context(_drawn_from("copy", copy, listener))
        yield


@contextmanager
def _drawn_from(kind: Literal["generator", "copy"], network: Any, listener: Listener) -> Iterator[None]:
    """Have the listener told of what one network draws."""
    is_trained = inside_predict = False

    def saw(args: Any, kwargs: Any, output: Any, training: bool | None) -> None:
        nonlocal is_trained
        if is_muted():
            return
        is_trained |= kind == "copy" and may_differentiate()  # the generator of another game
        if is_trained or may_differentiate():
            return
        with listener.contained():
            first = tf.nest.flatten(output)[0]
            inputs = args[0] if args else next(iter(kwargs.values()), None)
            parts = tf.nest.flatten(inputs)
            if parts and all(isinstance(p, np.ndarray) or tf.is_tensor(p) for p in parts) and len(first.shape) > 1:
                listener.drew(Draw(kind, inputs, first, training))

    def called(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not inside_predict:
                saw(args, kwargs, result, kwargs.get("training"))
            return result

        return call

    def predicted(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def predict(*args: Any, **kwargs: Any) -> Any:
            nonlocal inside_predict
            before, inside_predict = inside_predict, True
            try:
                result = original(*args, **kwargs)
            finally:
                inside_predict = before
            saw(args, kwargs, result, False)
            return result

        return predict

    with ExitStack() as stack:
        stack.enter_context(wrapped(network, "call", called))
        if hasattr(network, "predict"):
            stack.enter_context(wrapped(network, "predict", predicted))
        yield


def _shapes(network: Any) -> list[tuple[int, ...]]:
    return [tuple(v.shape) for v in network.variables]
