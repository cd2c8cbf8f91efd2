"""The values of a model's variables between two steps, wherever Keras keeps them then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras


class ModelState:
    """Reads variables and writes none.

    On PyTorch a variable holds its value. On JAX it holds none while `fit` trains: the trainer hands all values from
    step to step, and puts them back at the end of an epoch.

    Args:
        model: The `keras.Model` that is fitted.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def is_apart(self) -> bool:
        """Whether the trainer holds the values now."""
        return bool(getattr(self.model, "_jax_state", None)) and not self.model._jax_state_synced

    def value(self, variable: Any) -> Any:
        """Return the value of one variable; see `values`."""
        return self.values([variable])[0]

    def values(self, variables: list[Any]) -> list[Any]:
        """Return the values of variables, in the framework; not copied, so valid until the next step only."""
        held = {id(variable): value for variable, value in self._held()} if self.is_apart else {}
        return [v.value if (value := held.get(id(v))) is None else value for v in variables]

    def scope(self) -> AbstractContextManager[Any]:
        """Return a context in which variables have their values, and in which none can be changed."""
        context: AbstractContextManager[Any] = keras.StatelessScope(list(self._held()) if self.is_apart else None)
        return context

    def reading(self) -> AbstractContextManager[Any]:
        """Return a context in which variables have their values."""
        return self.scope() if self.is_apart else nullcontext()

    def is_followed(self, optimizer: Any) -> bool:
        """Tell whether an optimizer's variables are among those that a step changes where they can be read.

        On JAX a step changes only what the trainer hands to it: variables of an optimizer that is used beside the
        model's own keep the values they had when the step was compiled.
        """
        if keras.backend.backend() != "jax":
            return True
        own = getattr(self.model, "optimizer", None)
        handed = [*self.model.variables, *(own.variables if own is not None else ())]
        return any(variable is optimizer.iterations for variable in handed)

    def _held(self) -> Iterator[tuple[Any, Any]]:
        model, state = self.model, self.model._jax_state
        optimizer = getattr(model, "optimizer", None)
        for name, variables in (
            ("trainable_variables", model.trainable_variables),
            ("non_trainable_variables", model.non_trainable_variables),
            ("optimizer_variables", [] if optimizer is None else optimizer.variables),
            ("metrics_variables", model.metrics_variables),
        ):
            yield from zip(variables, state.get(name) or (), strict=False)  # as the trainer itself puts them back
