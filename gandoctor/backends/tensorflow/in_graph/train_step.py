"""Observe one call of `train_step`: updates of metrics, gradients that are taken, and calls of the two networks.

Everything is observed by wrapping methods of instances for the length of the call, and `tf.GradientTape.gradient`,
which has no instance to wrap: a tape is made inside the step. The wrapped methods get and return what they always did.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import keras
import tensorflow as tf
from tensorflow.python.eager import record

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.discovery.flow import is_made_of
from gandoctor.backends.tensorflow.in_graph.randomness import sides_changed
from gandoctor.backends.tensorflow.players.chain import members_of
from gandoctor.player_names import Player

Happening = Literal["metric", "gradient", "watched", "latents", "real", "sides", "call", "penalty"]
OUTPUTS_KEPT = 8
"""Outputs of the discriminator that are remembered in a hand-written loop."""


@dataclass
class Observation:
    """The events of one call of `train_step` so far.

    Attributes:
        metrics: Metric name -> raw value it was given; a running mean says little of one step.
        targets: Player -> what was differentiated with respect to its weights, loss scaling taken off; of one loss an
            image, the mean.
        averaged: Players whose loss was one an image.
        d_outputs: What the discriminator returned, in order.
        d_fed: Player -> smallest and largest value of every batch the discriminator was given towards its loss.
        d_fed_since: The same of the calls since anything was last differentiated for a player, with the batch itself.
        made: What the generator returned lately.
        d_given: What the discriminator was given since anything was last differentiated.
        saw_penalty: Whether something was differentiated with respect to other things than the players' weights.
        nested: Whether anything happened in a graph inside this one (`tf.function`, `tf.while_loop`).
        running: Metric results by id: returned, they are running means. Kept, so that ids stay unique.
        scaled: Scaled losses by id, with the loss before scaling.
        is_loop: Whether this spans a hand-written loop: it has no end at which values could still be read.
    """

    metrics: dict[str, Any] = field(default_factory=dict)
    targets: dict[Player, Any] = field(default_factory=dict)
    averaged: set[Player] = field(default_factory=set)
    d_outputs: list[Any] = field(default_factory=list)
    d_fed: dict[Player, list[tuple[Any, Any]]] = field(default_factory=dict)
    d_fed_since: list[tuple[Any, Any, Any]] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)
    d_given: list[Any] = field(default_factory=list)
    saw_penalty: bool = False
    nested: bool = False
    running: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    scaled: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    is_loop: bool = False
    graph: Any = field(default_factory=lambda: current_graph())

    def is_here(self) -> bool:
        """Tell whether values made now can still be read at the end of the step."""
        here = current_graph() is self.graph and not self.is_loop
        self.nested |= not here
        return here


def current_graph() -> Any:
    """The graph being traced; None in eager execution."""
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


Listener = Callable[[Happening, Any, Observation], None]
Safely = Callable[[Callable[[], None]], None]


@contextmanager
def observed(model: Any | None, players: KerasPlayers, listener: Listener, safely: Safely) -> Iterator[Observation]:
    """Observe everything inside the block.

    Args:
        model: Whose `train_step` is being called; None spans a hand-written loop.
        players: Its networks and optimizers.
        listener: Called as things happen and where they happen, possibly in an inner graph: ("metric", (name, value)),
            ("gradient", (phase, target)), ("watched", (phase, target, weights that its tape has watched)), ("latents",
            inputs of the generator), ("real", the real batch, where a loop shows it), ("sides", which batches were
            changed at random), ("call", (player, network, arguments, output)), ("penalty", tensors with respect to
            which something was differentiated).
        safely: Runs what it is given and keeps its exceptions away from the training step.
    """
    seen = Observation(is_loop=model is None)

    def gradient(tape: Any, target: Any, sources: Any) -> None:
        safely(lambda: _gradient(tape, target, sources, players, seen, listener))

    def latents(args: Any) -> None:
        # Outside of a tape an eager generator makes pictures to look at, not a step.
        if args and not (seen.is_loop and not may_differentiate()):
            safely(lambda: listener("latents", args[0], seen))

    def generated(args: Any, output: Any) -> None:
        latents(args)
        seen.made = [*seen.made[1 - OUTPUTS_KEPT :], *tf.nest.flatten(output)[:1]]
        safely(lambda: listener("call", ("g", players.generator, args, output), seen))

    def discriminated(args: Any, output: Any) -> None:
        safely(lambda: listener("call", ("d", players.discriminator, args, output), seen))
        if seen.is_loop:
            del seen.d_outputs[:-OUTPUTS_KEPT]
        seen.d_outputs.append(output)
        # Not `is_here`: that its metrics are readable is not for the players to say.
        if (seen.is_loop and may_differentiate()) or current_graph() is seen.graph:
            safely(lambda: seen.d_fed_since.extend(_extremes(args)))
        if seen.is_loop:
            del seen.d_fed_since[:-OUTPUTS_KEPT]
        if may_differentiate():
            seen.d_given = [*seen.d_given[1 - OUTPUTS_KEPT :], *_first_batch(args)]

    with ExitStack() as stack:
        for metric in _metrics(model):
            stack.enter_context(wrapped(metric, "update_state", _seeing_updates(metric, seen, listener, safely)))
            stack.enter_context(_after(metric, "result", functools.partial(_result, seen)))
        for optimizer in players.optimizers():
            stack.enter_context(_after(optimizer, "scale_loss", functools.partial(_scaled, seen)))
        stack.enter_context(_called(players.discriminator, discriminated))
        stack.enter_context(_called(players.generator, generated))
        stack.enter_context(_gradients_seen(gradient, everywhere=model is None))
        yield seen


def _gradient(
    tape: Any, target: Any, sources: Any, players: KerasPlayers, seen: Observation, listener: Listener
) -> None:
    flat = tf.nest.flatten(sources)
    phase = players.phase_of_weights(flat)
    if phase is None:
        points = [source for source in flat if not isinstance(source, keras.Variable | tf.Variable)]
        if points:  # else another network is trained beside
            seen.saw_penalty = True
            # A penalty's points may lie beyond the data and the samples: between them is a habit, not a law.
            seen.d_fed_since[:] = [fed for fed in seen.d_fed_since if not any(fed[2] is point for point in points)]
            seen.d_given[:] = [given for given in seen.d_given if not any(given is point for point in points)]
            listener("penalty", points, seen)
    elif not isinstance(target, list | tuple | dict):  # of several losses at once none is "the" loss
        raw = seen.scaled[id(target)][1] if id(target) in seen.scaled else target
        if tf.is_tensor(raw) and raw.shape.rank and raw.shape != (1,):
            raw = tf.reduce_mean(raw)
            seen.averaged.add(phase)
        _told_apart(phase, seen, listener)
        listener("watched", (phase, target, tape.watched_variables()), seen)
        if seen.is_here():
            seen.targets[phase] = raw
            seen.d_fed.setdefault(phase, []).extend((low, high) for low, high, _ in seen.d_fed_since)
            seen.d_fed_since.clear()
        listener("gradient", (phase, raw), seen)


def _told_apart(phase: Player, seen: Observation, listener: Listener) -> None:
    """Tell which batch of a discriminator's step the generator has not made, and what was done to both at random."""
    graph = current_graph()
    given, made = (
        [t for t in tensors if graph is None or getattr(t, "graph", None) is graph]
        for tensors in (seen.d_given, seen.made)
    )
    others = [t for t in given if not is_made_of(t, made)]
    if phase == "d" or not others:  # a generator's own step shows the discriminator nothing else
        seen.d_given.clear()
    if phase != "d" or len(given) < 2:
        return
    if graph is not None:
        listener("sides", sides_changed(given, made), seen)
    if seen.is_loop and len(others) == 1:
        beside = next(t for t in given if t is not others[0])
        # As many rows: in eager execution a batch in which both were put together is not known for one.
        if others[0].shape[:1] == beside.shape[:1]:
            listener("real", others[0], seen)


def _first_batch(args: Any) -> list[Any]:
    """Return the images among a call's arguments, floats of rank 3 or more; where there are none, its first rows."""
    batches = [t for t in tf.nest.flatten(args) if tf.is_tensor(t) and t.dtype.is_floating and (t.shape.rank or 0) >= 2]
    images = [t for t in batches if t.shape.rank >= 3]
    return (images or batches)[:1]


def may_differentiate() -> bool:
    """Tell whether what happens now may be part of a step: it is traced, or a tape records it."""
    return not tf.executing_eagerly() or record.could_possibly_record()


def extremes_fed(seen: Observation) -> tuple[Any, Any] | None:
    """Return smallest and largest value of what the discriminator was given in this graph since the last gradient."""
    graph = current_graph()
    here = [(low, high) for low, high, _ in seen.d_fed_since if graph is None or low.graph is graph]
    seen.d_fed_since.clear()
    return None if not here else (tf.reduce_min([low for low, _ in here]), tf.reduce_max([high for _, high in here]))


def _extremes(args: Any) -> list[tuple[Any, Any, Any]]:
    """Return smallest and largest value of the images among a call's arguments, floats of rank 3 or more, and those."""
    images = [t for t in tf.nest.flatten(args) if tf.is_tensor(t) and t.dtype.is_floating and (t.shape.rank or 0) >= 3]
    return [(tf.cast(tf.reduce_min(t), tf.float32), tf.cast(tf.reduce_max(t), tf.float32), t) for t in images[:1]]


def _result(seen: Observation, _: Any, mean: Any) -> None:
    seen.running[id(mean)] = (mean, None)


def _scaled(seen: Observation, args: Any, scaled: Any) -> None:
    if args:
        seen.scaled[id(scaled)] = (scaled, args[0])


Wrapper = Callable[[Callable[..., Any]], Callable[..., Any]]


def _seeing_updates(metric: Any, seen: Observation, listener: Listener, safely: Safely) -> Wrapper:
    def saw(values: list[Any]) -> None:
        if not isinstance(metric, keras.metrics.Mean) or len(values) != 1 or values[0] is None:
            return  # a weighted mean, or a metric of something else than one number
        value = tf.reduce_mean(tf.cast(values[0], tf.float32))
        if seen.is_here():
            seen.metrics[metric.name] = value
        listener("metric", (metric.name, value), seen)

    def wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def update_state(*args: Any, **kwargs: Any) -> Any:
            safely(lambda: saw([*args, *kwargs.values()]))
            return original(*args, **kwargs)

        return update_state

    return wrapper


@contextmanager
def _after(owner: Any, name: str, saw: Callable[[Any, Any], None]) -> Iterator[None]:
    """Have `saw(positional arguments, result)` called after every call of a method, where the owner has it."""

    def wrapper(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not is_muted():
                saw(args, result)
            return result

        return call

    if not hasattr(owner, name):
        yield
        return
    with wrapped(owner, name, wrapper):
        yield


@contextmanager
def _called(player: Any, saw: Callable[[Any, Any], None]) -> Iterator[None]:
    """Have `saw(positional arguments, result)` called after every call of a player, of several networks or one."""
    first, *_, last = (members := members_of(player)) * 2
    given: list[tuple[Any, Any]] = []

    def entered(args: Any, _: Any) -> None:
        given[:] = [(current_graph(), args)]

    def left(_: Any, result: Any) -> None:
        # The last network may be called without the first, even in another graph: what that was given is not there.
        if given and given[0][0] is current_graph():
            saw(given[0][1], result)
        given.clear()

    with ExitStack() as stack:
        if len(members) > 1:
            stack.enter_context(_after(first, "call", entered))
            stack.enter_context(_after(last, "call", left))
        else:
            stack.enter_context(_after(last, "call", saw))
        yield


@contextmanager
def wrapped(owner: Any, name: str, wrapper: Wrapper) -> Iterator[None]:
    """Replace a method of one instance; into `__dict__`, as Keras objects track attributes set the ordinary way."""
    before = owner.__dict__.get(name)
    owner.__dict__[name] = tf.autograph.experimental.do_not_convert(wrapper(getattr(owner, name)))
    try:
        yield
    finally:
        if before is None:
            owner.__dict__.pop(name, None)
        else:
            owner.__dict__[name] = before


def _metrics(model: Any | None) -> list[Any]:
    """Every metric of the model: tracked, or held in an attribute, a list or a dictionary."""
    if model is None:
        return []
    found = list(model.metrics)
    for value in list(vars(model).values()):
        members = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        found += [m for m in members if isinstance(m, keras.metrics.Metric)]
    return list({id(m): m for m in found}.values())


def is_muted() -> bool:
    """Tell whether a monitor of our own is calling; see `unobserved`."""
    return bool(getattr(_local, "muted", False))


@contextmanager
def unobserved() -> Iterator[None]:
    """For the monitors' own calls of the players inside a step: what they are given and say is no part of it."""
    before = getattr(_local, "muted", False)
    _local.muted = True
    try:
        yield
    finally:
        _local.muted = before


# Tapes. -------------------------------------------------------------------------------------------------------

_local = threading.local()
_lock = threading.Lock()
_observers = 0
_everywhere: list[Callable[[Any, Any, Any], None]] = []
_tape_gradient = tf.GradientTape.gradient


@contextmanager
def _gradients_seen(saw: Callable[[Any, Any, Any], None], everywhere: bool) -> Iterator[None]:
    """Have `saw(tape, target, sources)` called after every `tape.gradient` of this thread.

    Those of blocks around it are called as well.

    With `everywhere` also after those of threads that have none of their own: a loop may have each replica of a
    strategy run in a thread of its own.
    """
    global _observers, _tape_gradient
    with _lock:
        if _observers == 0:
            _tape_gradient = tf.GradientTape.gradient
            tf.GradientTape.gradient = _observed_gradient
        _observers += 1
    before = getattr(_local, "saw", ())
    _local.saw = (*before, saw)
    if everywhere:
        _everywhere.append(saw)
    try:
        yield
    finally:
        _local.saw = before
        if everywhere:
            _everywhere.remove(saw)
        with _lock:
            _observers -= 1
            if _observers == 0:
                tf.GradientTape.gradient = _tape_gradient


@tf.autograph.experimental.do_not_convert
def _observed_gradient(self: Any, target: Any, sources: Any, *args: Any, **kwargs: Any) -> Any:
    gradients = _tape_gradient(self, target, sources, *args, **kwargs)
    if is_muted():
        return gradients
    for saw in getattr(_local, "saw", ()) or tuple(_everywhere):
        saw(self, target, sources)
    return gradients
