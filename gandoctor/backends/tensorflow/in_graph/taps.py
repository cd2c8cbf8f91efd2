"""Taps: where the TensorFlow backend reaches into training, by wrapping `apply` and `train_step` of single instances.

Wrapping an instance (never a class) before the train function is traced puts the recording's ops into the graph; they
only read. Detaching puts the original methods back.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import Any, cast

import tensorflow as tf

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.in_graph.applied_gradients import accumulated, accumulates, scale, taken
from gandoctor.backends.tensorflow.in_graph.asked import Asked
from gandoctor.backends.tensorflow.in_graph.batch import KerasBatch
from gandoctor.backends.tensorflow.in_graph.drawn import draws_seen
from gandoctor.backends.tensorflow.in_graph.fed_copies import FedCopies
from gandoctor.backends.tensorflow.in_graph.frozen import Frozen
from gandoctor.backends.tensorflow.in_graph.left_out import LeftOut
from gandoctor.backends.tensorflow.in_graph.loss_calls import LossCalls
from gandoctor.backends.tensorflow.in_graph.r1 import R1
from gandoctor.backends.tensorflow.in_graph.reads_first import ReadsFirst
from gandoctor.backends.tensorflow.in_graph.real_label import RealLabel
from gandoctor.backends.tensorflow.in_graph.retracing import cannot_retrace
from gandoctor.backends.tensorflow.in_graph.step_log import StepLog, as_float
from gandoctor.backends.tensorflow.in_graph.train_step import Happening, Observation, extremes_fed, observed
from gandoctor.backends.tensorflow.in_graph.unseen import frozen, not_called, not_summed, used_before
from gandoctor.backends.tensorflow.in_graph.update import KerasUpdate
from gandoctor.backends.tensorflow.in_graph.witness import KerasWitness
from gandoctor.backends.tensorflow.replicas import (
    averaged_values,
    replica_count,
    spans_processes,
    summed_by,
    summed_gradients,
)
from gandoctor.message import Absence
from gandoctor.player_names import PLAYERS, Player
from gandoctor.recording.backend import Listener
from gandoctor.recording.in_step import Fed, StepTrace


class Taps:
    """Attaches to optimizers and a model, and calls a listener in every update and step.

    Args:
        players: The GAN.
        step_log: Gets the row of every `train_step`.
        listener: Is called.
        witness: Copies what the objective is recognised from.
        fed_copies: Copies what the networks are given. With it, networks and tapes of a hand-written loop are observed
            as well, from attaching to detaching.

    Attributes:
        captures: Player -> how often its update went through the taps while being traced.
        blocked: Why nothing can be captured from an optimizer, known before training; None when it can.
        unsummed: Player -> why the gradients of its update, summed over replicas, cannot be seen.
        after_update: Called with the player after everything of an update, in the graph that makes it.
        penalty: Is added to the discriminator's gradients.
        real_label: Exchanges the discriminator's labels of real images.
    """

    def __init__(
        self,
        players: KerasPlayers,
        step_log: StepLog,
        listener: Listener,
        witness: KerasWitness,
        fed_copies: FedCopies | None = None,
    ) -> None:
        self._players = players
        self._step_log = step_log
        self._listener = listener
        self._contained = listener.contained
        self.witness = witness
        self._wrapped: list[tuple[Any, str, Any, Any]] = []
        self._model: Any = None
        self._thread = threading.local()  # tf.distribute traces each replica in a thread of its own
        self._observing = True
        self._fed_copies = fed_copies
        self._loop = ExitStack()
        self._used_before: set[int] = set()
        self.loss_calls = LossCalls()
        self.left_out = LeftOut(players)
        self.asked = Asked(players)
        self.frozen = Frozen()
        self._reads_first = ReadsFirst()
        self.captures: dict[Player, int] = dict.fromkeys(PLAYERS, 0)
        self.blocked: Absence | None = None
        self.unsummed: dict[Player, Absence] = {}
        self.after_update: Callable[[Player], None] | None = None
        self.penalty: R1 | None = None
        self.real_label: RealLabel | None = None

    def attach(self, model: Any | None) -> None:
        """Wrap the players' optimizers and the model's `train_step`, and have Keras trace it anew where that is safe.

        Attaching again to a model whose train function was traced with the taps in it changes nothing: a second
        trace would restart TensorFlow's stateful random ops. One that was compiled anew is searched anew.
        """
        if self._model is not None and self._model is model and model.train_function is not None:
            return
        if self._wrapped:
            self.detach()
            self._players.find_optimizers(model)
        self._model = model
        for optimizer in self._players.optimizers():
            self._tap(optimizer)
        if model is None:
            if self._fed_copies is not None:
                self._loop.enter_context(self._observed(None))
                self._loop.enter_context(self._draws_seen())
            return
        self._loop.enter_context(self._draws_seen())
        self._wrap(model, "train_step", self._tapped_train_step(model))
        if model.train_function is not None:
            self.blocked = cannot_retrace(model, self._players.optimizers())
            if self.blocked is None:
                model.train_function = None  # traced earlier, it would never call the taps

    def _draws_seen(self) -> AbstractContextManager[None]:
        return draws_seen(self._players.generator, self._players.discriminator, self._listener)

    def adopt(self, optimizer: Any, variables: list[Any]) -> bool:
        """Take an optimizer that is about to move a player whose own is not known; tell whether it was taken."""
        phase = self._players.phase_of_weights(variables)
        slot = f"{phase}_optimizer"
        if phase is None or getattr(self._players, slot) is not None:
            return False
        setattr(self._players, slot, optimizer)
        self._players.sources[slot] = "seen to update it"
        self._players.absent.pop(slot, None)
        self._tap(optimizer)
        return True

    def _tap(self, optimizer: Any) -> None:
        if any(owner is optimizer for owner, *_ in self._wrapped):
            return
        self._wrap(optimizer, "apply", self._tapped_apply(optimizer))
        if hasattr(optimizer, "_all_reduce_sum_gradients"):
            self._wrap(optimizer, "_all_reduce_sum_gradients", self._tapped_sum(optimizer))
        with tf.init_scope():  # a step may be being traced
            if optimizer.built and as_float(optimizer.iterations) > 0:
                self._used_before.add(id(optimizer))

    def detach(self) -> None:
        """Put the original methods back."""
        self._loop.close()
        for owner, name, replacement, before in reversed(self._wrapped):
            if owner.__dict__.get(name) is not replacement:
                continue  # someone has wrapped it since; ours only passes through from now on
            if before is None:
                owner.__dict__.pop(name)
            else:
                owner.__dict__[name] = before
        self._wrapped.clear()
        self._model = None

    def unseen(self, player: Player, steps: int) -> Absence | None:
        """Return why no update of a player has been seen after some steps; None when one has."""
        if self.captures[player]:
            return None
        if self.blocked is not None:
            return self.blocked
        slot = f"{player}_optimizer"
        if slot in self._players.absent:
            return self._players.absent[slot]
        if not self._players.network(player).trainable_variables:
            return frozen(player)
        if id(self._players.optimizer(player)) in self._used_before:
            return used_before(player)
        return not_called(player, steps)

    def _wrap(self, owner: Any, name: str, replacement: Callable[..., Any]) -> None:
        # Straight into __dict__: Keras objects track attributes that are set the ordinary way. A bound method, so that
        # a deep copy of the owner is bound to the copy.
        method = types.MethodType(replacement, owner)
        self._wrapped.append((owner, name, method, owner.__dict__.get(name)))
        owner.__dict__[name] = method

    def _tapped_apply(self, optimizer: Any) -> Callable[..., Any]:
        taps, before = self, optimizer.__dict__.get("apply")

        @tf.autograph.experimental.do_not_convert
        def apply(self: Any, grads: Any, trainable_variables: Any = None, **kwargs: Any) -> Any:
            original = before if before is not None else _class_method(self, "apply")
            # An optimizer may call its own apply through a wrapper of itself.
            if self is not optimizer or getattr(taps._thread, "inside_apply", False) or not taps._wrapped:
                return original(grads, trainable_variables, **kwargs)
            grads = list(grads)
            if trainable_variables is not None:
                trainable_variables = list(trainable_variables)
            update = None
            with taps._contained():
                update = taps._update(self, grads, trainable_variables)
            if update is None:
                return original(grads, trainable_variables, **kwargs)
            if taps.real_label is not None:
                taps.real_label.check(update.phase)
            if taps.penalty is not None and update.phase == "d":
                grads = taps.penalty.added(self, grads, trainable_variables)
                with taps._contained():
                    update = taps._update(self, grads, trainable_variables) or update
            taps._thread.inside_apply = True
            try:
                taps.captures[update.phase] += 1
                taps._listener.before_update(update)
                with taps._contained():
                    taps._sum(self, update)
                with taps._contained():
                    taps._reads_first.before_update([v for _, v in update.gradients[update.phase]])
                result = original(grads, trainable_variables, **kwargs)
                taps._listener.after_update(update)
                if taps.after_update is not None:
                    taps.after_update(update.phase)
            finally:
                taps._thread.inside_apply = False
                taps._thread.awaiting_sum = None
            return result

        return cast(Callable[..., Any], apply)

    def _sum(self, optimizer: Any, update: KerasUpdate) -> None:
        """Have an update's gradients seen as they are applied: now, or when the optimizer itself has summed them."""
        if replica_count() > 1 and summed_by(optimizer):
            self._thread.awaiting_sum = update
        elif replica_count() > 1 and spans_processes():
            self.unsummed[update.phase] = not_summed()
        else:
            self._listener.on_gradients(replace(update, gradients=summed_gradients(update.gradients)))

    def _tapped_sum(self, optimizer: Any) -> Callable[..., Any]:
        taps, before = self, optimizer.__dict__.get("_all_reduce_sum_gradients")

        @tf.autograph.experimental.do_not_convert
        def _all_reduce_sum_gradients(self: Any, grads_and_vars: Any) -> Any:
            original = before if before is not None else _class_method(self, "_all_reduce_sum_gradients")
            summed = original(grads_and_vars)
            update, taps._thread.awaiting_sum = getattr(taps._thread, "awaiting_sum", None), None
            if update is not None and self is optimizer:
                with taps._contained():
                    summed = list(summed)
                    # Keras has taken a fixed loss scale off by now.
                    taps._listener.on_gradients(replace(update, gradients=taps._by_owner(summed), scale=1.0))
            return summed

        return cast(Callable[..., Any], _all_reduce_sum_gradients)

    def _by_owner(self, grads_and_vars: Any) -> dict[Player, list[tuple[Any, Any]]]:
        gradients: dict[Player, list[tuple[Any, Any]]] = {"d": [], "g": []}
        for gradient, variable in grads_and_vars:
            owner = self._players.owner_of(variable)
            if owner is not None:
                gradients[owner].append((gradient, variable))
        return gradients

    def _update(self, optimizer: Any, grads: list[Any], variables: list[Any] | None) -> KerasUpdate | None:
        if variables is None:
            variables = list(optimizer._trainable_variables) if optimizer.built else []
        phase = self._players.phase_of(optimizer, variables)
        if phase is None:
            return None
        self._players.adopt(optimizer, phase)
        gradients = self._by_owner(zip(grads, variables, strict=False))
        finite = applied = taken(optimizer, grads)
        if accumulates(optimizer):
            applied = tf.logical_and(finite, accumulated(optimizer))
        return KerasUpdate(phase, gradients, scale(optimizer), applied, finite)

    def _tapped_train_step(self, model: Any) -> Callable[..., Any]:
        taps, before = self, model.__dict__.get("train_step")

        def train_step(self: Any, *args: Any, **kwargs: Any) -> Any:
            original = before if before is not None else _class_method(self, "train_step")
            if self is not model or not taps._wrapped:
                return original(*args, **kwargs)
            with taps._step_log.one_step():
                with taps._contained():
                    taps._fed("real", args or list(kwargs.values()))
                with taps._observed(model) as seen:
                    logs = original(*args, **kwargs)
                with taps._contained():
                    taps._step_end(_trace(logs, seen))
                    taps._step_log.commit()
            return logs

        return train_step

    @contextmanager
    def _observed(self, model: Any | None) -> Iterator[Observation]:
        observation: AbstractContextManager[Observation] = nullcontext(Observation())
        if self._observing:
            self.witness.begin_step()
            observation = observed(model, self._players, self._happened, self._safely)
        with observation as seen:
            yield seen

    def _safely(self, action: Callable[[], None]) -> None:
        """Run the taps' own code inside the user's step; the first failure ends observation, not training."""
        if not self._observing:
            return
        with self._contained():
            try:
                action()
            except Exception:
                self._observing = False
                raise

    def _happened(self, what: Happening, value: Any, seen: Observation) -> None:
        if what == "call":
            if self._fed_copies is not None:
                self._fed_copies.saw(*value)
            return
        if what == "penalty":
            if self.penalty is not None:
                self.penalty.penalised(value)
            if self.real_label is not None:
                self.real_label.penalised(value)
            if self._fed_copies is not None:
                self._fed_copies.penalised(value)
            return
        if what == "watched":
            phase, target, variables = value
            self.left_out.differentiated(phase, target, _in_graph_of(target, seen.made), variables)
            return
        here = seen.is_here()
        # A graph inside the step may belong to a `tf.function(jit_compile=True)`.
        may_be_compiled = not here or bool(getattr(self._model, "jit_compile", False))
        if what == "latents":
            self.witness.see_latents(value, may_be_compiled)
            if not (seen.is_loop and _are_images(value)):
                self._fed("latents", value)
        elif what == "real":
            self._fed("real", value)
        elif what == "sides":
            self.witness.changed_at_random = value
        elif what == "metric":
            if not here:
                self._step_end(StepTrace(metrics=dict([value]), complete=False))
        else:
            phase, target = value
            self.loss_calls.differentiated(target)
            self.asked.differentiated(phase, target)
            with self._contained():
                self.frozen.differentiated(phase)
            if self.real_label is not None:
                self.real_label.differentiated(phase, target)
            self.witness.see_loss(phase, target, seen.d_outputs, seen.saw_penalty, may_be_compiled)
            if not here:
                fed = extremes_fed(seen) if seen.is_loop else None
                self._step_end(
                    StepTrace(
                        targets={phase: target},
                        averaged=frozenset(seen.averaged),
                        d_fed={} if fed is None else {phase: fed},
                        complete=False,
                    )
                )

    def _fed(self, kind: Fed, value: Any) -> None:
        self._listener.fed(kind, KerasBatch(kind, value))

    def _step_end(self, trace: StepTrace) -> None:
        """Tell the listener, with every scalar averaged over the replicas of this process."""
        metrics, returned, targets = averaged_values(dict(trace.metrics), dict(trace.returned), dict(trace.targets))
        self._listener.step_end(
            replace(trace, metrics=metrics, returned=returned, targets=targets, is_share=spans_processes())
        )


def _in_graph_of(target: Any, tensors: list[Any]) -> list[Any]:
    graph = getattr(target, "graph", None)
    return [tensor for tensor in tensors if graph is not None and getattr(tensor, "graph", None) is graph]


def _are_images(value: Any) -> bool:
    """Tell whether a generator's input has an extent, as where images are translated: those are no latents."""
    shapes = [t.shape for t in tf.nest.flatten(value) if tf.is_tensor(t)]
    return any(s.rank is not None and s.rank >= 3 and any(d is None or d > 1 for d in s[1:-1]) for s in shapes)


def _class_method(owner: Any, name: str) -> Any:
    """Bind a method as its class has it, as Python does: of a `tf.function` each instance has one of its own."""
    found = next(vars(kind)[name] for kind in type(owner).__mro__ if name in vars(kind))
    return found.__get__(owner, type(owner))


def _trace(logs: Any, seen: Observation) -> StepTrace:
    returned = dict(logs) if isinstance(logs, dict) else {}
    if seen.nested:
        returned = {}  # what came out of an inner graph cannot be told from a running mean
    raw = {name: value for name, value in returned.items() if id(value) not in seen.running}
    fed = {
        phase: calls[0]
        if len(calls) == 1
        else (tf.reduce_min([c[0] for c in calls]), tf.reduce_max([c[1] for c in calls]))
        for phase, calls in seen.d_fed.items()
        if calls
    }
    return StepTrace(dict(seen.metrics), raw, dict(seen.targets), frozenset(seen.averaged), fed)
