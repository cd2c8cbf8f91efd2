"""Hooks: follow the networks, optimizers and traced functions of a program from before its first step.

They are set on the classes of Keras and TensorFlow, as nothing is known of the instances yet. Calls of layers are
followed only until the players are found; the two other hooks then only pass on.

A function of the program is traced once more before its first call, into a graph that is thrown away: nothing is
computed, but every call and update in it is seen, so that the first step is already recorded.
"""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.eager import record
from tensorflow.python.eager.polymorphic_function.concrete_function import ConcreteFunction
from tensorflow.python.eager.polymorphic_function.polymorphic_function import Function

from gandoctor.backends.discovery.games import FurtherGames
from gandoctor.backends.discovery.networks import NetworkCall
from gandoctor.backends.discovery.pairs import Pair, PairFinder, SeenUpdate
from gandoctor.backends.discovery.unknown import Unknown, places, why_unknown
from gandoctor.backends.keras_networks.layer_card import is_part_of_keras
from gandoctor.backends.tensorflow.discovery.flow import identity
from gandoctor.backends.tensorflow.discovery.networks import NETWORKS
from gandoctor.backends.tensorflow.discovery.patches import Patches
from gandoctor.backends.tensorflow.discovery.traces import Traces, current_graph, is_first_replica
from gandoctor.backends.tensorflow.in_graph.input_changes import note_traced_call
from gandoctor.backends.tensorflow.in_graph.train_step import unobserved
from gandoctor.backends.tensorflow.players.call_trace import BATCH_SIZES, _placeholders
from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.backends.tensorflow.random_state import preserved_random_state

CALLS_KEPT = 64
"""Calls that are remembered in eager execution, with their values: several steps."""
TRACED_CALLS_KEPT = 2048
"""Calls that are remembered while a graph is traced, without values: a generator of many blocks calls each of them."""

UPDATES_UNTIL_TOLD = 12
"""Updates after which a program whose players are still unknown is said to be none that can be attached to."""

Updated = Callable[[Any, list[Any]], bool]
"""Takes an optimizer and variables before they are moved; True where `apply` of the instance is to be called anew."""


@dataclass
class _FunctionCall:
    """A call of a traced function by the program itself, and the graph that it runs."""

    is_rehearsal: bool = False
    graph: Any = None
    thread: int = field(default_factory=threading.get_ident)


class Hooks:
    """Follows a program until its players are found, then its updates.

    Attributes:
        is_recording: Whether the players are found.
        trained_by_batch: Models whose `train_on_batch` was called.

    Args:
        found: Called once, with the pairs, before the step that follows.
        updates: Called after each call of a traced function and each eager update, once something is recorded, with
            the updates that it made, as (optimizer, variables), and the graph that was called, None in eager execution.
        moved_nothing: Called with a model after a `train_on_batch` of it that updated nothing, likewise.
        unknown: Called before every update, once something is recorded; see `Updated`.
        cannot_tell: Called once, with what was seen, where the players stay unknown for some updates.
    """

    def __init__(
        self,
        found: Callable[[list[Pair]], None],
        updates: Callable[[list[tuple[Any, list[Any]]], Any], None],
        moved_nothing: Callable[[Any], None],
        unknown: Updated,
        cannot_tell: Callable[[Unknown], None],
    ) -> None:
        self._found, self._updates, self._moved_nothing = found, updates, moved_nothing
        self._unknown, self._cannot_tell = unknown, cannot_tell
        self._calls: deque[NetworkCall] = deque()
        self._entered: dict[int, Any] = {}
        self._seen: dict[tuple[int, frozenset[int]], SeenUpdate] = {}
        self._compiled: list[Any] = []
        self.trained_by_batch: list[Any] = []
        self._rehearsed: set[int] = set()
        self._traces = Traces()
        self._call: _FunctionCall | None = None
        self._functions: list[Any] = []  # kept alive, so that their ids stay their own
        self._thread = threading.local()
        self._patches, self._layer_patches = Patches(), Patches()
        self._missed = 0
        self._further = FurtherGames(NETWORKS)
        self._has_moved = False
        self.is_recording = False

    def install(self) -> None:
        """Set the hooks."""
        self._layer_patches.replace(keras.Layer, "__call__", self._layer_call)
        self._layer_patches.replace(keras.Model, "predict", self._predict)
        self._layer_patches.replace(keras.Model, "predict_on_batch", self._predict)
        self._patches.replace(keras.Model, "train_on_batch", self._train_on_batch)
        self._layer_patches.replace(keras.Model, "compile", self._compile)
        self._patches.replace(keras.optimizers.Optimizer, "apply", self._apply)
        self._patches.replace(Function, "__call__", self._function_call)
        self._patches.replace(ConcreteFunction, "_call_flat", self._graph_call)

    def remove(self) -> None:
        """Put everything back."""
        self._layer_patches.restore()
        self._patches.restore()

    # The hooks. -----------------------------------------------------------------------------------------------

    def _layer_call(self, original: Callable[..., Any], layer: Any, *args: Any, **kwargs: Any) -> Any:
        output = original(layer, *args, **kwargs)
        if self.is_recording or getattr(self._thread, "muted", False):
            return output
        if isinstance(layer, keras.Model) or not is_part_of_keras(layer):
            with suppress(Exception):
                note_traced_call(layer)
                self._note_call(layer, (args, kwargs), output)
        return output

    def _predict(self, original: Callable[..., Any], model: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        output = original(model, x, *args, **kwargs)
        with suppress(Exception):
            self._note_call(model, x, output)
        return output

    def _train_on_batch(self, original: Callable[..., Any], model: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        with suppress(Exception):
            if not self.is_recording:
                self._note_call(model, x, ())
            if not any(known is model for known in self.trained_by_batch):
                self.trained_by_batch.append(model)
        self._has_moved = False
        result = original(model, x, *args, **kwargs)
        if self.is_recording and not self._has_moved:
            self._moved_nothing(model)
        return result

    def _compile(self, original: Callable[..., Any], model: Any, *args: Any, **kwargs: Any) -> Any:
        if not any(known is model for known in self._compiled):
            self._compiled.append(model)
        return original(model, *args, **kwargs)

    def _apply(
        self, original: Callable[..., Any], optimizer: Any, grads: Any, trainable_variables: Any = None, **kwargs: Any
    ) -> Any:
        if getattr(self._thread, "inside", False):  # an optimizer may call another within
            return original(optimizer, grads, trainable_variables, **kwargs)
        variables = trainable_variables if trainable_variables is None else list(trainable_variables)
        moved = list(optimizer._trainable_variables if variables is None and optimizer.built else variables or ())
        rehearsing = self._call is not None and self._call.is_rehearsal
        again = False
        if not self.is_recording:
            with suppress(Exception):
                update = self._note_update(optimizer, moved)
                if not rehearsing:
                    self._decide(update)
            again = self.is_recording
        if rehearsing:
            return None  # really applied it would build the optimizer, and the program's first trace be another one
        if self.is_recording:
            again = self._unknown(optimizer, moved) or again
        self._thread.inside = not again
        try:
            if again and "apply" in vars(optimizer):
                return optimizer.apply(grads, variables, **kwargs)  # now tapped
            result = original(optimizer, grads, variables, **kwargs)
        finally:
            self._thread.inside = False
        self._made(optimizer, moved)
        return result

    def _function_call(self, original: Callable[..., Any], function: Any, *args: Any, **kwargs: Any) -> Any:
        if self._call is not None and self._call.is_rehearsal and not tf.executing_eagerly():
            # Traced in its own right it would be remembered, without what is recorded from now on.
            return original(_twin(function), *args, **kwargs)
        if not tf.executing_eagerly() or self._call is not None or getattr(self._thread, "muted", False):
            return original(function, *args, **kwargs)
        if not self.is_recording and id(function) not in self._rehearsed:
            self._rehearse(function, args, kwargs)
        call = self._call = _FunctionCall()
        try:
            result = original(function, *args, **kwargs)
        finally:
            self._call = None
        self._called(call.graph)
        return result

    def _graph_call(self, original: Callable[..., Any], concrete: Any, *args: Any, **kwargs: Any) -> Any:
        if self._call is not None and not getattr(self._thread, "muted", False):
            if not tf.executing_eagerly():
                self._traces.runs(concrete.graph)
            elif self._call.thread == threading.get_ident():
                self._call.graph = concrete.graph
        return original(concrete, *args, **kwargs)

    # ----------------------------------------------------------------------------------------------------------

    def _called(self, graph: Any) -> None:
        """Pass on what a call of a traced function has updated."""
        updates = self._traces.made_by(graph)
        if not updates:
            return
        self._has_moved = True
        if self.is_recording:
            with record.stop_recording():
                self._updates([(u.optimizer, u.variables) for u in updates], graph)
        else:
            self._miss(updates[0].optimizer, UPDATES_UNTIL_TOLD if any(u.repeats for u in updates) else 1)

    def _made(self, optimizer: Any, moved: list[Any]) -> None:
        if not is_first_replica():
            return
        self._has_moved = True
        if current_graph() is not None:
            self._traces.updated(optimizer, moved)
        elif not self.is_recording:
            self._miss(optimizer)
        else:
            with record.stop_recording():
                self._updates([(optimizer, moved)], None)

    def _miss(self, optimizer: Any, count: int = 1) -> None:
        """Count updates that nothing recorded; say so when there are too many."""
        if self._further.is_waiting:
            return
        before, self._missed = self._missed, self._missed + count
        if before < UPDATES_UNTIL_TOLD <= self._missed:
            calls, updates = list(self._calls), list(self._seen.values())
            trained = self._finder().trained_by()
            why = why_unknown(NETWORKS, calls, UPDATES_UNTIL_TOLD)
            self._cannot_tell(Unknown(optimizer, why, calls, updates, trained))

    def _note_call(self, network: Any, given: Any, output: Any) -> None:
        inputs, outputs = _tensors(given), _tensors(output)
        if any(isinstance(t, keras.KerasTensor) for t in (*inputs, *outputs)) or not inputs:
            return
        self._calls.append(NetworkCall(network, inputs, outputs, self._entered))
        while len(self._calls) > (CALLS_KEPT if tf.executing_eagerly() else TRACED_CALLS_KEPT):
            self._calls.popleft()

    def _note_update(self, optimizer: Any, moved: list[Any]) -> SeenUpdate:
        variables = frozenset(id(inner(v)) for v in moved)
        key = (id(optimizer), variables)
        if key not in self._seen:
            self._seen[key] = SeenUpdate(optimizer, variables, places(), self._calls[-1] if self._calls else None)
        return self._seen[key]

    def _decide(self, update: SeenUpdate | None = None) -> None:
        """Begin to record if the pairs are known; before an eager update, further ones may be yet to show."""
        pairs = self._finder().pairs()
        complete = bool(pairs) and all(pair.g_optimizer and pair.d_optimizer for pair in pairs)
        if not complete and self._compiled and self._rehearse_compiled():
            pairs = self._finder().pairs()
        if pairs and not (update is not None and self._further.are_awaited(pairs, list(self._calls), update)):
            self._start(pairs)

    def _finder(self) -> PairFinder:
        return PairFinder(NETWORKS, list(self._calls), list(self._seen.values()), self._compiled)

    def _start(self, pairs: list[Pair]) -> None:
        self._layer_patches.restore()
        self.is_recording = True
        with self._muted(), record.stop_recording(), tf.init_scope():
            try:
                self._found(pairs)
            except Exception:  # noqa: BLE001 - our failure must not become the program's
                traceback.print_exc()
        self._calls.clear()
        self._entered.clear()

    def _rehearse(self, function: Any, args: Any, kwargs: Any) -> None:
        """Trace a function into a graph that is thrown away, and decide by what is seen in it."""
        self._rehearsed.add(id(function))
        self._functions.append(function)
        if any(hasattr(a, "__next__") and not isinstance(a, tf.data.Iterator) for a in args):
            return  # a generator can be read only once
        with suppress(Exception), preserved_random_state(), unobserved():
            self._call = _FunctionCall(is_rehearsal=True)
            try:
                concrete = _twin(function).get_concrete_function(*args, **kwargs)
            finally:
                self._call = None
            self._entered |= _entered(concrete, (args, kwargs))
        if self._seen:
            with suppress(Exception):
                self._decide()

    def _rehearse_compiled(self) -> bool:
        """Call the compiled models that hold others on placeholders, to see what flows where; tell whether any was."""
        any_was = False
        for model in self._compiled:
            parts = model._flatten_layers(include_self=False)
            if id(model) in self._rehearsed or not any(isinstance(part, keras.Model) for part in parts):
                continue
            self._rehearsed.add(id(model))
            with suppress(Exception), preserved_random_state(), unobserved():
                graph = tf.__internal__.FuncGraph("gandoctor_rehearsal")
                with graph.as_default(), keras.StatelessScope():
                    args, kwargs = _placeholders(model, BATCH_SIZES[0])
                    model(*args, **kwargs)
                any_was = True
        return any_was

    @contextmanager
    def _muted(self) -> Iterator[None]:
        self._thread.muted = True
        try:
            yield
        finally:
            self._thread.muted = False


def _entered(concrete: Any, given: Any) -> dict[int, Any]:
    """Return what the inputs of a rehearsed graph stand for."""
    values = [v for v in tf.nest.flatten(given) if tf.is_tensor(v) or isinstance(v, np.ndarray)]
    entered = {identity(p): v for p, v in zip(concrete.inputs, values, strict=False) if p.shape.rank == len(v.shape)}
    return entered | {identity(inside): v for v, inside in concrete.graph.captures if tf.is_tensor(v)}


def _twin(function: Any) -> Any:
    """Return a function of the same Python code that has not been traced yet."""
    return tf.function(function.python_function, autograph=function._autograph)


def _tensors(value: Any) -> tuple[Any, ...]:
    """Return the batches among what a network is given or returns: floating, of rank 2 or more, or KerasTensors."""
    flat = tf.nest.flatten(value)
    return tuple(
        t
        for t in flat
        if isinstance(t, keras.KerasTensor)
        or (hasattr(t, "dtype") and hasattr(t, "shape") and len(getattr(t.shape, "dims", t.shape) or ()) >= 1)
    )
