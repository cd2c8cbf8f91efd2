"""All that a Keras training needs to go on from a step: variables, optimizers and random states, as arrays by name.

A variable is named by its place in the model, as two models that one function has built agree in it. Names that Keras
gives are counted through a process, and do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.random_state import (
    GLOBAL_RANDOM_ARRAYS,
    global_random_arrays,
    set_global_random_state,
)
from gandoctor.errors import GandoctorError, UnusableSnapshot
from gandoctor.player_names import PLAYERS
from gandoctor.recording.players import Players
from gandoctor.store.snapshots import Snapshot

_GENERATORS = (keras.random.SeedGenerator, tf.random.Generator)
_HOLDERS = (keras.Layer, tf.Module, *_GENERATORS)
_STEP, _WEIGHT, _SEED, _SLOT, _MOVES, _FIRST, _RANDOM = "step", "weight", "seed", "slot", "moves", "first", "random"
"""First part of an array's name. `first`: what a single number was before the first step. `moves`: at which place an
optimizer has each weight."""


class KerasTrainingState:
    """The state of a training by `fit`.

    Metrics are left out. So is what no variable holds: counters of the program's own, and the state of `tf.random`
    operations in a traced step.

    Args:
        model: The `keras.Model` that is fitted.
        players: Its players and their optimizers, where they are no attributes of it.

    Raises:
        GandoctorError: Several replicas train it.
    """

    def __init__(self, model: Any, players: Players) -> None:
        if model.distribute_strategy is not None and model.distribute_strategy.num_replicas_in_sync > 1:
            raise GandoctorError("No snapshots can be taken of a training on several replicas.")
        self._model = model
        self._players = players
        self._first = self._numbers()

    def arrays(self, step: int) -> dict[str, np.ndarray]:
        """Return the state after a step.

        Raises:
            GandoctorError: An optimizer moves weights that are no attributes of the model.
        """
        variables, optimizers = self._found()
        found = {_STEP: np.array(step, np.int64), **{name: _array(v) for name, v in variables.items()}}
        weights = _weights(variables)
        for name, optimizer in optimizers.items():
            found |= {slot: _array(variable) for slot, variable in _slots(name, optimizer)}
            found[f"{_MOVES}/{name}"] = _order(optimizer, weights)
        found |= {f"{_FIRST}/{name}": value for name, value in self._first.items()}
        return found | {f"{_RANDOM}/{name}": array for name, array in global_random_arrays().items()}

    def restore(self, snapshot: Snapshot, step: int) -> None:
        """Set the state to that of a snapshot.

        Single numbers, such as a learning rate, that the target now sets otherwise stay as it sets them. So does the
        state of random generators that the snapshot does not know, as of dropout that was switched off.

        Raises:
            UnusableSnapshot: It is damaged, or another training's: networks, optimizers or shapes differ.
        """
        variables, optimizers = self._found()
        weights = _weights(variables)
        _compare(snapshot, _WEIGHT, {name for name in variables if name.startswith(f"{_WEIGHT}/")})
        _compare(snapshot, _MOVES, {f"{_MOVES}/{name}" for name in optimizers})
        if int(snapshot.read(_STEP, (), np.dtype(np.int64))) != step:
            raise UnusableSnapshot(f"The snapshot of step {step} holds another step.")
        for name, optimizer in optimizers.items():
            order = snapshot.read(f"{_MOVES}/{name}", (len(weights),), np.dtype(np.int32))
            if not optimizer.built and order.max(initial=-1) >= 0:
                optimizer.build([weights[place] for place in np.argsort(order) if order[place] >= 0])
            variables |= dict(_slots(name, optimizer))
        _compare(snapshot, _SLOT, {name for name in variables if name.startswith(f"{_SLOT}/")})
        read = {
            name: snapshot.read(name, tuple(variable.shape), _dtype(variable))
            for name, variable in variables.items()
            if name in snapshot.names and not self._is_set_otherwise(snapshot, name)
        }
        set_global_random_state(
            {
                name: snapshot.read(f"{_RANDOM}/{name}", shape, np.dtype(dtype))
                for name, (shape, dtype) in GLOBAL_RANDOM_ARRAYS.items()
                if f"{_RANDOM}/{name}" in snapshot.names
            }
        )
        for name, array in read.items():
            variables[name].assign(array)

    def _is_set_otherwise(self, snapshot: Snapshot, name: str) -> bool:
        """Tell whether a single number had another value before the first step than it has now."""
        now, first = self._first.get(name), f"{_FIRST}/{name}"
        return now is not None and first in snapshot.names and bool(snapshot.read(first, (), now.dtype) != now)

    def _numbers(self) -> dict[str, np.ndarray]:
        """Return the value of every variable that is one floating-point number, as a learning rate."""
        variables, optimizers = self._found()
        for name, optimizer in optimizers.items():
            variables |= dict(_slots(name, optimizer))
        return {
            name: _array(variable)
            for name, variable in variables.items()
            if tuple(variable.shape) == () and _dtype(variable).kind == "f"
        }

    def _found(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the variables of networks and generators, and the optimizers, each by its place."""
        variables: dict[str, Any] = {}
        optimizers: dict[str, Any] = {}
        seen: set[int] = set()
        roots = {"model": self._model}
        for player in PLAYERS:  # asked anew each time: an optimizer may be found in the first step
            roots |= {f"{player}_network": self._players.network(player)}
            roots |= {f"{player}_optimizer": self._players.optimizer(player)}
        for name, root in roots.items():
            for place, kind, thing in _walked(name, root, seen):
                if kind == _SLOT:
                    optimizers[place] = thing
                else:
                    variables[f"{kind}/{place}"] = thing
        return variables, optimizers


def _walked(place: str, thing: Any, seen: set[int], kind: str = _WEIGHT) -> Iterator[tuple[str, str, Any]]:
    """Yield place, kind and object of every variable and optimizer that something holds, each once."""
    if id(thing) in seen or isinstance(thing, keras.Metric):
        return
    if isinstance(thing, keras.Variable | tf.Variable):
        seen.add(id(thing))
        yield place, kind, thing
    elif isinstance(thing, keras.optimizers.Optimizer):
        seen.add(id(thing))
        yield place, _SLOT, thing
    elif isinstance(thing, _HOLDERS):
        seen.add(id(thing))
        kind = _SEED if isinstance(thing, _GENERATORS) else kind
        # The program's own attributes before the lists that Keras and TensorFlow keep of the same things.
        for name, value in sorted(vars(thing).items(), key=lambda item: item[0].startswith("_")):
            yield from _walked(f"{place}.{name}", value, seen, kind)
    elif isinstance(thing, list | tuple | dict):
        seen.add(id(thing))
        for number, value in enumerate(thing.values() if isinstance(thing, dict) else thing):
            yield from _walked(f"{place}.{number}", value, seen, kind)


def _slots(name: str, optimizer: Any) -> Iterator[tuple[str, Any]]:
    for number, variable in enumerate(optimizer.variables):
        yield f"{_SLOT}/{name}/{number}", variable


def _weights(variables: dict[str, Any]) -> list[Any]:
    return [variable for name, variable in variables.items() if name.startswith(f"{_WEIGHT}/")]


def _order(optimizer: Any, weights: list[Any]) -> np.ndarray:
    """Return at which place an optimizer has each weight; -1 where it does not move it.

    Raises:
        GandoctorError: It moves another one.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales the loss
    moved = {id(variable): place for place, variable in enumerate(inner._trainable_variables)}
    if not moved.keys() <= {id(weight) for weight in weights}:
        raise GandoctorError("No snapshot can be taken: an optimizer moves weights that the model does not hold.")
    return np.array([moved.get(id(weight), -1) for weight in weights], np.int32)


def _compare(snapshot: Snapshot, kind: str, mine: set[str]) -> None:
    if {name for name in snapshot.names if name.startswith(f"{kind}/")} != mine:
        raise UnusableSnapshot(
            "The networks or optimizers are not those of the snapshot, so training cannot go on from it."
        )


def _array(variable: Any) -> np.ndarray:
    inner = variable.value if isinstance(variable, keras.Variable) else variable
    array: np.ndarray = inner.numpy().copy()
    return array


def _dtype(variable: Any) -> np.dtype:
    dtype: np.dtype = np.dtype(tf.as_dtype(variable.dtype).as_numpy_dtype)
    return dtype
