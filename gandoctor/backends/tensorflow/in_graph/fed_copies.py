"""FedCopies: copies of what the players are given and return in the first steps, made inside the step."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.discovery.networks import NetworkCall
from gandoctor.backends.tensorflow.discovery.flow import sources
from gandoctor.backends.tensorflow.in_graph.anew import anew
from gandoctor.backends.tensorflow.in_graph.switch import KerasSwitch
from gandoctor.backends.tensorflow.replicas import own_variable
from gandoctor.player_names import Player
from gandoctor.recording.in_step import Call

ROWS_MAX = 256
BYTES_MAX = 32 * 2**20
"""Of one copied tensor; of larger batches the first rows are copied."""
EAGER_CALLS_MAX = 64


class FedCopies:
    """Copies the players' inputs and outputs while it is switched on; see `recording.in_step.Call`.

    In a traced step the copies are ops behind a switch. Their variables have one shape, as XLA takes no other.
    """

    def __init__(self) -> None:
        self._switch: KerasSwitch | None = None
        self._is_on = False
        self._slots: list[_Slot] = []
        self._eager: list[tuple[Call, list[Any]]] = []
        self._made: list[NetworkCall] = []

    def watch(self, on: bool) -> None:
        """Begin or end copying."""
        if self._switch is None:
            self._switch = KerasSwitch("gandoctor_watch_calls")
        self._is_on = on
        self._switch.set(on)
        if not on:
            self._eager.clear()

    def saw(self, player: Player, network: Any, args: Any, output: Any) -> None:
        """Copy one call of a player; in a graph this adds the ops that do so."""
        if self._switch is None or not self._is_on:
            return
        inputs = args[0] if len(args) == 1 else list(args)
        output = tf.nest.flatten(output)[0]
        tensors = [t for t in tf.nest.flatten(inputs) if tf.is_tensor(t)]
        if not tensors or len(tensors) != len(tf.nest.flatten(inputs)):
            return
        if tf.executing_eagerly():
            if len(self._eager) < EAGER_CALLS_MAX:
                given = tf.nest.map_structure(lambda t: t.numpy(), inputs)
                self._eager.append((Call(player, given, tf.cast(output, tf.float32).numpy()), tensors))
            return
        call = NetworkCall(network, tuple(tensors), (output,))
        of_generator = None
        if player == "g":
            self._made = [c for c in self._made if c.outputs[0].graph is output.graph] + [call]
        elif any(c.outputs[0].graph is output.graph for c in self._made):
            of_generator = any(source.network is not None for source in sources(call, [*self._made, call]))
        slot = _Slot(player, inputs, output, of_generator)
        self._slots.append(slot)
        self._switch.when_on(slot.keep)

    def penalised(self, points: list[Any]) -> None:
        """Take note that something was differentiated with respect to these tensors."""
        known = {id(point) for point in points}
        for slot in self._slots:
            slot.is_penalised |= not known.isdisjoint(map(id, tf.nest.flatten(slot.inputs)))
        self._eager = [
            (replace(call, is_penalised=True) if not known.isdisjoint(map(id, given)) else call, given)
            for call, given in self._eager
        ]

    def calls(self) -> list[Call]:
        """Return the calls since the last time it was asked, in order; none where some of the generator's are lost."""
        found, self._eager = [call for call, _ in self._eager], []
        is_whole = not any(slot.has_lost for slot in self._slots)
        read = [call for slot in self._slots if (call := slot.read()) is not None]
        return found + read if is_whole else []


@dataclass
class _Copy:
    tensor: Any
    variable: Any


class _Slot:
    """The place of one call in a traced step.

    Of the generator, the rows of all calls are kept until they are read, the newest first: `predict` makes a batch in
    several calls. Of the discriminator, the last call is.
    """

    def __init__(self, player: Player, inputs: Any, output: Any, of_generator: bool | None) -> None:
        self._player, self.inputs, self._of_generator = player, inputs, of_generator
        self.is_penalised = False
        self._gathers = player == "g"
        least = ROWS_MAX if self._gathers else 0
        self._copies = [_copy(t, least) for t in (*tf.nest.flatten(inputs), output)]
        self._rows = own_variable(np.zeros((2,), np.int64), "gandoctor_rows")
        self._read = 0

    @property
    def has_lost(self) -> bool:
        """Whether calls of the generator were made since the last reading of which the rows are no longer kept."""
        times, count = (int(v) for v in self._rows.numpy())
        most = min(copy.variable.shape[0] for copy in self._copies)
        return self._gathers and times > self._read + 1 and count > most

    def keep(self) -> None:
        tensors = [anew(copy.tensor) for copy in self._copies]
        for copy, tensor in zip(self._copies, tensors, strict=True):
            rows, *rest = copy.variable.shape
            part = tf.cast(tensor, copy.variable.dtype)[:rows]
            if self._gathers:
                whole = tf.concat([part, copy.variable], axis=0)[:rows]
            else:
                whole = tf.pad(part, [[0, rows - tf.shape(part)[0]], *([0, 0] for _ in rest)])
            copy.variable.assign(tf.ensure_shape(whole, copy.variable.shape))
        count = tf.cast(tf.shape(tensors[-1])[0], tf.int64)
        kept = self._rows[1] + count if self._gathers else count
        self._rows.assign(tf.stack([self._rows[0] + 1, kept]))

    def read(self) -> Call | None:
        times, count = (int(v) for v in self._rows.numpy())
        if times == self._read:
            return None
        self._read = times
        if self._gathers:
            self._rows.assign([times, 0])
        *inputs, output = (copy.variable.numpy()[:count] for copy in self._copies)
        shortest = min(len(a) for a in (*inputs, output))
        packed = tf.nest.pack_sequence_as(self.inputs, [a[:shortest] for a in inputs])
        return Call(self._player, packed, output[:shortest], self._of_generator, self.is_penalised)


def _copy(tensor: Any, least: int) -> _Copy:
    """Make a variable for a tensor's first rows, and for so many at least as far as there is room.

    Raises:
        ValueError: The shape of a row is not known.
    """
    if not tensor.shape.rank or not tensor.shape[1:].is_fully_defined():
        raise ValueError(f"a tensor of shape {tensor.shape} cannot be copied: the shape of a row is not known")
    dtype = tf.float32 if tensor.dtype.is_floating else tensor.dtype
    row = math.prod(tensor.shape[1:]) * dtype.size
    rows = min(max(tensor.shape[0] or ROWS_MAX, least), max(1, BYTES_MAX // max(1, row)), 2 * ROWS_MAX)
    return _Copy(tensor, own_variable(np.zeros((rows, *tensor.shape[1:]), dtype.as_numpy_dtype), "gandoctor_fed"))
