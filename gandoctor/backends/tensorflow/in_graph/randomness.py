"""Randomness: what a traced step does to real and to generated batches at random before the discriminator sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from gandoctor.backends.tensorflow.discovery.flow import ENTRIES, OPERATIONS_MAX, identity
from gandoctor.recording.in_step import Sides

_ARITHMETIC = frozenset({"Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow"})
_PICKING = frozenset({"GatherV2", "GatherNd", "ResourceGather", "RandomShuffle"})
"""Operations that pick rows: what chooses them is no change of their values."""
_HIDING = ("PartitionedCall", "If", "While", "Case")


@dataclass(frozen=True)
class _History:
    """What is known of a tensor: what it is made of, and whether a random number has changed it.

    Attributes:
        of_made: Whether it is made of what the generator returned; of_data: of a batch that enters the graph.
        is_random: Whether a random number enters it; is_changed: whether one met the batch in arithmetic.
        is_hidden: Whether something happened in a graph inside, which is not looked into.
    """

    of_made: bool = False
    of_data: bool = False
    is_random: bool = False
    is_changed: bool = False
    is_hidden: bool = False

    @property
    def is_batch(self) -> bool:
        return self.of_made or self.of_data


def sides_changed(given: list[Any], made: list[Any]) -> Sides | None:
    """Return which of the discriminator's batches random numbers were added to, or multiplied with.

    Args:
        given: What it was given towards its loss, tensors of one graph.
        made: What the generator returned in it.

    Returns:
        None where no real or no generated batch was told apart, or not all of it could be seen.
    """
    outputs = {identity(t) for t in made}
    known: dict[int, _History] = {}
    histories = [_history(t, outputs, known) for t in given]
    real = [h for h in histories if h.of_data and not h.of_made]
    fake = [h for h in histories if h.of_made]
    if not real or not fake or any(h.is_hidden for h in (*real, *fake)):
        return None
    reals, fakes = all(h.is_changed for h in real), all(h.is_changed for h in fake)
    if any(h.is_changed for h in real) != reals or any(h.is_changed for h in fake) != fakes:
        return None
    return "both" if reals and fakes else "real" if reals else "fake" if fakes else "none"


def _history(tensor: Any, outputs: set[int], known: dict[int, _History]) -> _History:
    """Walk back from a tensor to what it is made of, without recursion: graphs are deep."""
    waiting = [tensor]
    while waiting:
        current = waiting[-1]
        key = identity(current)
        if key in known:
            waiting.pop()
            continue
        if key in outputs:
            known[key] = _History(of_made=True)
            continue
        op = current.op
        if op.type in ENTRIES or len(known) > OPERATIONS_MAX:
            rows = current.dtype not in (tf.resource, tf.variant) and (current.shape.rank or 0) > 1
            known[key] = _History(of_data=rows and current.dtype.is_floating, is_hidden=len(known) > OPERATIONS_MAX)
            continue
        inputs = list(op.inputs)[: 1 if op.type in _PICKING else None]
        missing = [t for t in inputs if identity(t) not in known]
        if missing:
            waiting.extend(missing)
        else:
            known[key] = _after(op, [known[identity(t)] for t in inputs])
    return known[identity(tensor)]


def _after(op: Any, inputs: list[_History]) -> _History:
    is_batch = any(h.is_batch for h in inputs)
    meets = any(h.is_random and not h.is_batch for h in inputs)
    return _History(
        of_made=any(h.of_made for h in inputs),
        of_data=any(h.of_data for h in inputs),
        is_random=any(h.is_random for h in inputs) or ("Random" in op.type and op.type not in _PICKING),
        is_changed=any(h.is_changed for h in inputs) or (op.type in _ARITHMETIC and is_batch and meets),
        is_hidden=any(h.is_hidden for h in inputs) or any(part in op.type for part in _HIDING),
    )
