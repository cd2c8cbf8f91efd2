"""Taps: where monitors reach into training, by wrapping `optimizer.apply` and `model.train_step` of one instance.

Wrapping an instance (never a class) before the train function is traced puts the monitors' ops into the graph; they
only read. Detaching puts the original methods back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gandoctor.monitors.players import Phase, Players


@dataclass(frozen=True)
class Update:
    """One call of `optimizer.apply`, before clipping.

    Attributes:
        phase: Whose update it is.
        gradients: Player -> its (gradient, variable) pairs among those given; a gradient may be None.
    """

    phase: Phase
    gradients: dict[Phase, list[tuple[Any, Any]]]


@dataclass(frozen=True)
class StepTrace:
    """What one call of `train_step` produced.

    Attributes:
        values: Name -> raw value of this step: what a metric was given, or what the step returned.
    """

    values: dict[str, Any] = field(default_factory=dict)


class Taps:
    """Attaches to optimizers and a model and calls back on every update and step.

    Args:
        before_update: Called with the Update before the optimizer applies it.
        after_update: Called with the same Update afterwards.
        after_step: Called at the end of every `train_step`.
    """

    def __init__(
        self,
        players: Players,
        before_update: Callable[[Update], None],
        after_update: Callable[[Update], None],
        after_step: Callable[[StepTrace], None],
    ) -> None:
        self._players = players
        self._before_update = before_update
        self._after_update = after_update
        self._after_step = after_step
        self._wrapped: list[tuple[Any, str]] = []
        self._inside_apply = False
        self.captures = 0

    def attach(self, model: Any | None) -> None:
        """Wrap the players' optimizers and the model's `train_step`, and have Keras trace it anew."""
        optimizers = {id(o): o for o in (self._players.d_optimizer, self._players.g_optimizer) if o is not None}
        for optimizer in optimizers.values():
            self._wrap(optimizer, "apply", self._tapped_apply(optimizer))
        if model is not None:
            self._wrap(model, "train_step", self._tapped_train_step(model))
            # A train function traced earlier would never call the taps.
            model.train_function = None

    def detach(self) -> None:
        """Put the original methods back."""
        for owner, name in self._wrapped:
            owner.__dict__.pop(name, None)
        self._wrapped.clear()

    def _wrap(self, owner: Any, name: str, replacement: Callable[..., Any]) -> None:
        # Straight into __dict__: Keras objects track attributes that are set the ordinary way.
        owner.__dict__[name] = replacement
        self._wrapped.append((owner, name))

    def _tapped_apply(self, optimizer: Any) -> Callable[..., Any]:
        original = optimizer.apply

        def apply(grads: Any, trainable_variables: Any = None, **kwargs: Any) -> Any:
            grads = list(grads)
            if trainable_variables is not None:
                trainable_variables = list(trainable_variables)
            variables = trainable_variables
            if variables is None:
                variables = list(optimizer._trainable_variables) if optimizer.built else []
            update = self._update(optimizer, grads, variables)
            if update is None or self._inside_apply:
                return original(grads, trainable_variables, **kwargs)
            self._inside_apply = True  # an optimizer may call its own apply through a wrapper of itself
            try:
                self.captures += 1
                self._before_update(update)
                result = original(grads, trainable_variables, **kwargs)
                self._after_update(update)
            finally:
                self._inside_apply = False
            return result

        return apply

    def _update(self, optimizer: Any, grads: list[Any], variables: list[Any]) -> Update | None:
        phase = self._players.phase_of(optimizer, variables)
        if phase is None:
            return None
        gradients: dict[Phase, list[tuple[Any, Any]]] = {"d": [], "g": []}
        for gradient, variable in zip(grads, variables, strict=False):
            owner = self._players.owner_of(variable)
            if owner is not None:
                gradients[owner].append((gradient, variable))
        return Update(phase, gradients)

    def _tapped_train_step(self, model: Any) -> Callable[..., Any]:
        original = model.train_step

        def train_step(*args: Any, **kwargs: Any) -> Any:
            with _metric_inputs(model) as given:
                logs = original(*args, **kwargs)
            returned = dict(logs) if isinstance(logs, dict) else {}
            self._after_step(StepTrace({**returned, **given}))
            return logs

        return train_step


@contextmanager
def _metric_inputs(model: Any) -> Iterator[dict[str, Any]]:
    """Collect what the model's metrics are given during a step.

    A step that returns `metric.result()` returns a running mean; what the metric was given is the raw value.
    """
    given: dict[str, Any] = {}
    metrics = list(model.metrics)
    for metric in metrics:

        def update_state(*args: Any, _metric: Any = metric, _original: Any = metric.update_state, **kwargs: Any) -> Any:
            if len(args) == 1 and getattr(args[0], "shape", ()) == ():
                given[_metric.name] = args[0]
            return _original(*args, **kwargs)

        metric.__dict__["update_state"] = update_state
    try:
        yield given
    finally:
        for metric in metrics:
            metric.__dict__.pop("update_state", None)
