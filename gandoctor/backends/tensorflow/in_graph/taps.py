"""Taps: where monitors reach into training, by wrapping `optimizer.apply` and `model.train_step` of one instance.

Wrapping an instance (never a class) before the train function is traced puts the monitors' ops into the graph; they
only read. Detaching puts the original methods back.
"""

from __future__ import annotations

import threading
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, cast

import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.applied_gradients import accumulated, accumulates, scale, taken
from gandoctor.backends.tensorflow.in_graph.retracing import cannot_retrace
from gandoctor.backends.tensorflow.in_graph.step_log import as_float
from gandoctor.backends.tensorflow.in_graph.train_step import Happening, Input, Observation, observed
from gandoctor.backends.tensorflow.players.players import Phase, Players
from gandoctor.backends.tensorflow.replicas import replica_count, spans_processes, summed_by, summed_gradients
from gandoctor.recording.objective.recognition import Inference
from gandoctor.store import Manifest


@dataclass(frozen=True)
class Update:
    """One call of `optimizer.apply`, before clipping.

    Attributes:
        phase: Whose update it is.
        gradients: Player -> its (gradient, variable) pairs among those given; a gradient may be None.
        scale: What the gradients must be divided by: the loss scale of mixed precision, 1 without.
        applied: Whether the weights will move now: not where gradients are being accumulated, nor where a loss-scaling
            optimizer skips a step whose scaled gradients overflowed. A boolean scalar tensor, or True.
        finite: Whether a loss-scaling optimizer will take the gradients at all; True for every other optimizer.
    """

    phase: Phase
    gradients: dict[Phase, list[tuple[Any, Any]]]
    scale: Any = 1.0
    applied: Any = True
    finite: Any = True


@dataclass(frozen=True)
class StepTrace:
    """What one call of `train_step` produced.

    Attributes:
        metrics: Metric name -> raw value it was given in this step.
        returned: Name -> value the step returned; running means are left out.
        targets: Player -> what was differentiated with respect to its weights.
        d_fed: Player -> smallest and largest value that the discriminator was given towards that player's loss.
        complete: False for what happens in a graph inside the step and must be recorded there.
    """

    metrics: dict[str, Any] = field(default_factory=dict)
    returned: dict[str, Any] = field(default_factory=dict)
    targets: dict[Phase, Any] = field(default_factory=dict)
    d_fed: dict[Phase, tuple[Any, Any]] = field(default_factory=dict)
    complete: bool = True


class Taps:
    """Attaches to optimizers and a model and calls back on every update and step.

    Args:
        before_update: Called with the Update before the optimizer applies it; its gradients are this replica's.
        on_gradients: Called with the Update between the two, its gradients summed over replicas as they are applied.
        after_update: Called with the same Update afterwards.
        on_input: Called with ("latents" or "real", what it is) as a step is fed.
        after_step: Called at the end of every `train_step`, and with `complete=False` for values of an inner graph.
        one_step: Context that every `train_step`, its feeding and its end included, is called in.
        inference: Learns loss family, polarity and latent law from what is observed.
        contained: Context that keeps the taps' own failures away from training.

    Attributes:
        captures: Player -> how often its update went through the taps while being traced.
        blocked: Why nothing can be captured from an optimizer, known before training; None when it can.
        unsummed: Player -> why the gradients of its update, summed over replicas, cannot be seen.
    """

    def __init__(
        self,
        players: Players,
        before_update: Callable[[Update], None],
        on_gradients: Callable[[Update], None],
        after_update: Callable[[Update], None],
        after_step: Callable[[StepTrace], None],
        on_input: Callable[[Input, Any], None],
        one_step: Callable[[], AbstractContextManager[None]],
        inference: Inference,
        contained: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._players = players
        self._before_update = before_update
        self._on_gradients = on_gradients
        self._after_update = after_update
        self._after_step = after_step
        self._on_input = on_input
        self._one_step = one_step
        self._inference = inference
        self._contained = contained
        self._wrapped: list[tuple[Any, str, Any, Any]] = []
        self._model: Any = None
        self._thread = threading.local()  # tf.distribute traces each replica in a thread of its own
        self._observing = True
        self._used_before: set[int] = set()
        self._warned = False
        self.captures: dict[Phase, int] = {"d": 0, "g": 0}
        self.blocked: str | None = None
        self.unsummed: dict[Phase, str] = {}

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
            self._wrap(optimizer, "apply", self._tapped_apply(optimizer))
            if hasattr(optimizer, "_all_reduce_sum_gradients"):
                self._wrap(optimizer, "_all_reduce_sum_gradients", self._tapped_sum(optimizer))
            if optimizer.built and as_float(optimizer.iterations) > 0:
                self._used_before.add(id(optimizer))
        if model is None:
            return
        self._wrap(model, "train_step", self._tapped_train_step(model))
        if model.train_function is not None:
            self.blocked = cannot_retrace(model, self._players.optimizers())
            if self.blocked is None:
                model.train_function = None  # traced earlier, it would never call the taps

    def detach(self) -> None:
        """Put the original methods back."""
        for owner, name, replacement, before in reversed(self._wrapped):
            if owner.__dict__.get(name) is not replacement:
                continue  # someone has wrapped it since; ours only passes through from now on
            if before is None:
                owner.__dict__.pop(name)
            else:
                owner.__dict__[name] = before
        self._wrapped.clear()
        self._model = None

    def uncaptured(self, phase: Phase, steps: int) -> str | None:
        """Say why no update of a player has been seen after some steps; None when one has."""
        if self.captures[phase]:
            return None
        if self.blocked is not None:
            return self.blocked
        slot, name = f"{phase}_optimizer", {"d": "discriminator", "g": "generator"}[phase]
        if slot in self._players.missing:
            return self._players.missing[slot]
        if not getattr(self._players, name).trainable_variables:
            return (
                f"the {name} is not being trained: all its weights are frozen. In Keras 3 `trainable` is read when "
                "training is first traced, not at compile; set it to True around the first step that should train it"
            )
        if id(getattr(self._players, slot)) in self._used_before:
            return (
                f"the {name}'s optimizer had been used before the monitor was attached, so its step was traced without "
                "it; attach the monitor before the first training step"
            )
        return (
            f"the {name}'s optimizer was not called in {steps} steps; is this the optimizer that trains it, and was "
            "the monitor attached before the first training step?"
        )

    def note_captures(self, manifest: Manifest, steps: int, signals: dict[Phase, tuple[str, ...]]) -> str | None:
        """Give every signal that needs a player's updates its reason, where there are none.

        Returns:
            What to warn of, once in a run; None otherwise.
        """
        worst = None
        for phase, names in signals.items():
            reason = self.uncaptured(phase, steps)
            for name in names:
                if reason is not None:
                    manifest.missing[name] = reason
                else:
                    manifest.missing.pop(name, None)
            worst = worst or reason
        if worst is None or self._warned:
            return None
        self._warned = True
        return worst

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
            taps._thread.inside_apply = True
            try:
                taps.captures[update.phase] += 1
                taps._before_update(update)
                with taps._contained():
                    taps._sum(self, update)
                result = original(grads, trainable_variables, **kwargs)
                taps._after_update(update)
            finally:
                taps._thread.inside_apply = False
                taps._thread.awaiting_sum = None
            return result

        return cast(Callable[..., Any], apply)

    def _sum(self, optimizer: Any, update: Update) -> None:
        """Have an update's gradients seen as they are applied: now, or when the optimizer itself has summed them."""
        if replica_count() > 1 and summed_by(optimizer):
            self._thread.awaiting_sum = update
        elif replica_count() > 1 and spans_processes():
            self.unsummed[update.phase] = (
                "several processes train together and this optimizer clips, accumulates or scales gradients before it "
                "sums them, so that their sum as given exists nowhere"
            )
        else:
            self._on_gradients(replace(update, gradients=summed_gradients(update.gradients)))

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
                    taps._on_gradients(replace(update, gradients=taps._by_owner(summed), scale=1.0))
            return summed

        return cast(Callable[..., Any], _all_reduce_sum_gradients)

    def _by_owner(self, grads_and_vars: Any) -> dict[Phase, list[tuple[Any, Any]]]:
        gradients: dict[Phase, list[tuple[Any, Any]]] = {"d": [], "g": []}
        for gradient, variable in grads_and_vars:
            owner = self._players.owner_of(variable)
            if owner is not None:
                gradients[owner].append((gradient, variable))
        return gradients

    def _update(self, optimizer: Any, grads: list[Any], variables: list[Any] | None) -> Update | None:
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
        return Update(phase, gradients, scale(optimizer), applied, finite)

    def _tapped_train_step(self, model: Any) -> Callable[..., Any]:
        taps, before = self, model.__dict__.get("train_step")

        def train_step(self: Any, *args: Any, **kwargs: Any) -> Any:
            original = before if before is not None else _class_method(self, "train_step")
            if self is not model or not taps._wrapped:
                return original(*args, **kwargs)
            with taps._one_step():
                with taps._contained():
                    taps._on_input("real", args or list(kwargs.values()))
                with taps._observed(model) as seen:
                    logs = original(*args, **kwargs)
                with taps._contained():
                    taps._after_step(_trace(logs, seen))
            return logs

        return train_step

    @contextmanager
    def _observed(self, model: Any) -> Iterator[Observation]:
        observation: AbstractContextManager[Observation] = nullcontext(Observation())
        if self._observing:
            self._inference.begin_step()
            observation = observed(model, self._players, self._happened, self._safely)
        with observation as seen:
            yield seen

    def _safely(self, action: Callable[[], None]) -> None:
        """Run the taps' own code inside the user's step; the first failure ends observation, not training."""
        if not self._observing:
            return
        with self._contained():
            self._observing = False
            action()
            self._observing = True

    def _happened(self, what: Happening, value: Any, seen: Observation) -> None:
        here = seen.is_here()
        # Of a graph inside the step nobody knows whether it belongs to a `tf.function(jit_compile=True)`.
        may_be_compiled = not here or bool(getattr(self._model, "jit_compile", False))
        if what == "latents":
            self._inference.saw_latents(value, may_be_compiled)
            self._on_input("latents", value)
        elif what == "metric":
            if not here:
                self._after_step(StepTrace(metrics=dict([value]), complete=False))
        else:
            phase, target = value
            self._inference.saw_loss(phase, target, seen.d_outputs, seen.saw_penalty, may_be_compiled)
            if not here:
                self._after_step(StepTrace(targets={phase: target}, complete=False))


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
    return StepTrace(dict(seen.metrics), raw, dict(seen.targets), fed)
