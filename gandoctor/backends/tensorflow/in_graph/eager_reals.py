"""EagerReals: which images of a step that runs eagerly are real, told by the values of what the generator returned."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager import record

from gandoctor.backends.discovery.made_rows import MadeRows, Place
from gandoctor.backends.tensorflow.in_graph.penalty import CannotPenalise, Penalised, penalty_gradients
from gandoctor.recording.probe.as_fed import digests

CALLS_KEPT = 64
"""Calls of the discriminator under a tape that one update may follow."""
UPDATES_UNTIL_TOLD = 8
"""Updates of the discriminator without a real image after which the penalty is taken not to be at work."""


@dataclass(eq=False)
class _Call:
    """A call of the discriminator under a tape, and which rows of it the generator has made."""

    call: Penalised
    leaves: list[Any]
    known: tuple[list[bool], Place] | None
    is_penalised: bool = False


class EagerReals:
    """Follows eager calls of both players, and computes the penalty's gradient in a graph of its own.

    The discriminator's first update is left alone: its calls may have been made before anyone followed them.
    """

    def __init__(self) -> None:
        self._made = MadeRows(lambda rows: digests(rows.numpy()), _has_rows, channels_first=False)
        self._calls: list[_Call] = []
        self._place: Place | None = None
        self._fakes = self._added = self._without = 0
        self._is_first = True
        self._functions: dict[Any, Callable[..., Any]] = {}

    def generated(self, output: Any) -> None:
        """The generator has returned something."""
        self._made.add(output)

    def judged(self, args: Any, kwargs: Any, training: bool | None) -> None:
        """The discriminator was called; out of reach of a tape that is no part of a step."""
        if not record.could_possibly_record():
            return
        leaves = list(keras.tree.flatten((args, kwargs)))
        call = Penalised(args, kwargs, training, 0, None, None)
        self._calls = [*self._calls[1 - CALLS_KEPT :], _Call(call, leaves, self._made.among(leaves))]

    def penalised(self, points: list[Any]) -> None:
        """Something was differentiated with respect to these tensors."""
        for one in self._calls:
            one.is_penalised |= any(leaf is point for leaf in one.leaves for point in points)

    def gradients(self, network: Any, weights: list[Any], gamma: float) -> list[Any]:
        """Return the gradients of the penalty at the real images since the last update; None where there are none.

        Raises:
            CannotPenalise: See `penalty_gradients`, or the real images are not told.
        """
        calls, self._calls = self._calls, []
        is_first, self._is_first = self._is_first, False
        real = self._told_apart(calls, is_first)
        if is_first or not real:
            return [None] * len(weights)
        self._added += 1
        plain = [keras.tree.flatten((c.args, c.kwargs)) for c in real]
        tensors = [[leaf for leaf in leaves if tf.is_tensor(leaf)] for leaves in plain]
        others = [[None if tf.is_tensor(leaf) else repr(leaf) for leaf in leaves] for leaves in plain]
        named = [(sorted(c.kwargs), c.training, c.index, c.channels) for c in real]
        key = repr((others, named, [id(w) for w in weights]))
        if key not in self._functions:
            bare = [replace(c, is_real=None) for c in real]
            computed = functools.partial(_computed, network, weights, gamma, bare)
            self._functions[key] = tf.function(computed, autograph=False)
        with record.stop_recording():
            return list(self._functions[key](tensors, [c.is_real for c in real]))

    def _told_apart(self, calls: list[_Call], is_first: bool) -> list[Penalised]:
        made = [(one.leaves, *one.known) for one in calls if one.known is not None]
        if made:
            self._place = made[-1][2]
            self._fakes = len(
                {
                    row
                    for leaves, known, place in made
                    for row, is_made in zip(digests(leaves[place.index].numpy()), known, strict=True)
                    if is_made
                }
            )
        if is_first:
            return []
        if not calls:
            raise CannotPenalise("no call of it was seen that its update is of")
        place = self._place
        if place is None:
            raise CannotPenalise(
                "nothing that it is given is what the generator has returned, changed or copied as it is, so that real "
                "images cannot be told from generated ones"
            )
        others = [one for one in calls if one.known is None or not all(one.known[0])]
        real = [one for one in others if not one.is_penalised]
        if not real:
            if others and made:
                raise CannotPenalise("the program takes a gradient penalty of its own at its real images")
            self._without += 1
            if not self._added and self._without >= UPDATES_UNTIL_TOLD:
                raise CannotPenalise(f"it was given no real image in {self._without} updates")
            return []
        found, images = [], set()
        for one in real:
            if len(one.leaves) <= place.index or not _has_rows(one.leaves[place.index]):
                raise CannotPenalise(
                    "its calls are given different things, and which of them is the image is not known"
                )
            batch = one.leaves[place.index]
            known = one.known[0] if one.known is not None else [False] * len(batch)
            images |= {row for row, is_made in zip(digests(batch.numpy()), known, strict=True) if not is_made}
            channels = None if place.start is None or place.stop is None else (place.start, place.stop)
            is_real = tf.constant([0.0 if is_made else 1.0 for is_made in known])
            found.append(replace(one.call, index=place.index, is_real=is_real, channels=channels))
        if len(images) > self._fakes:  # what is more than the generated ones may be some of those, changed
            raise CannotPenalise(
                f"of what it is given for an update, {len(images)} images are not known to be the generator's and "
                f"{self._fakes} are, so that the others need not all be real"
            )
        return found


def _computed(
    network: Any, weights: list[Any], gamma: float, calls: Sequence[Penalised], tensors: Any, is_real: Any
) -> list[Any]:
    """Compute what `penalty_gradients` does, of calls with other tensors."""
    filled = []
    for call, own, mask in zip(calls, tensors, is_real, strict=True):
        given = iter(own)
        structure = (call.args, call.kwargs)
        leaves = [next(given) if tf.is_tensor(leaf) else leaf for leaf in keras.tree.flatten(structure)]
        args, kwargs = keras.tree.pack_sequence_as(structure, leaves)
        filled.append(replace(call, args=args, kwargs=kwargs, is_real=mask))
    return penalty_gradients(network, weights, filled, gamma)


def _has_rows(value: Any) -> bool:
    is_eager = isinstance(value, tf.__internal__.EagerTensor)
    return is_eager and value.dtype.is_floating and value.shape.rank >= 2 and int(tf.size(value)) > 0
