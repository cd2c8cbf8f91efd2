"""Passes of the two networks that leave no trace: no seed, batch-norm statistic or other weight moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np

from gandoctor.backends.keras_between_steps.layers_seen import layers_seen
from gandoctor.backends.keras_between_steps.state import ModelState
from gandoctor.backends.keras_between_steps.weights import Weights
from gandoctor.backends.keras_networks.own_attributes import attributes_kept
from gandoctor.player_names import Player
from gandoctor.recording.in_step import Pass
from gandoctor.recording.players import Players

_WITHOUT_SCOPE = ("TorchModuleWrapper",)
"""Layers whose call changes what they hold in spite of Keras's stateless scope: modules of PyTorch."""


class Passes:
    """Runs the players with given weights.

    Args:
        players: Generator and discriminator.
        weights: Takes copies of theirs.
        state: Knows the values of all variables.
    """

    def __init__(self, players: Players, weights: Weights, state: ModelState) -> None:
        self._players, self._weights, self._state = players, weights, state

    def forward(self, player: Player, batches: Sequence[Any], training: bool, vector: np.ndarray) -> Pass:
        """Run a player; see `recording.backend.Backend`."""
        inputs = batches[0]
        if len(batches) > 1:
            inputs = keras.tree.map_structure(lambda *parts: keras.ops.concatenate(parts, axis=0), *batches)
        network = self._players.network(player)
        with _no_gradients(), layers_seen(network, with_units=not training) as seen:
            output = _first(self._call(player, vector, inputs, training))
            logit = seen.logit(output)
        if player == "g":
            return Pass(keras.ops.cast(output, "float32"), alive=seen.alive(network))
        return Pass(_scores(output), _scores(logit), seen.alive(network))

    def input_gradient(self, images: Any) -> np.ndarray:
        """Return the gradient of the discriminator's summed logit with respect to its input; see `Backend`."""
        parts = keras.tree.flatten(images)
        vector, network = self._weights.copy("d"), self._players.discriminator

        def summed(first: Any) -> Any:
            given = keras.tree.pack_sequence_as(images, [first, *parts[1:]])
            with layers_seen(network, with_units=False) as seen:
                return keras.ops.sum(seen.logit(_first(self._call("d", vector, given, training=False))))

        gradient: np.ndarray = np.asarray(keras.ops.convert_to_numpy(_differentiated(summed, parts[0])), np.float32)
        return gradient

    def _call(self, player: Player, vector: np.ndarray, inputs: Any, training: bool) -> Any:
        network = self._players.network(player)
        if not network.built:
            raise ValueError("it is not built: it has not been called on data yet")
        odd = next((layer for layer in network._flatten_layers() if type(layer).__name__ in _WITHOUT_SCOPE), None)
        if odd is not None:
            raise ValueError(f"its layer {odd.name} is a module of PyTorch, which a pass would change")
        own = self._weights.taken_apart(player, vector)
        others = [v for v in network.variables if id(v) not in own]
        mapping = [(v, own[id(v)]) for v in self._weights.variables(player)]
        mapping += list(zip(others, self._state.values(others), strict=True))
        with keras.StatelessScope(mapping), attributes_kept(network):
            return network(inputs, training=training)


def _no_gradients() -> AbstractContextManager[Any]:
    if keras.backend.backend() != "torch":
        return nullcontext()
    import torch

    context: AbstractContextManager[Any] = torch.no_grad()
    return context


def _differentiated(function: Callable[[Any], Any], at: Any) -> Any:
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(function)(at)
    import torch

    with torch.enable_grad():
        first = at.detach().clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(function(first), first)
    return gradient


def _first(output: Any) -> Any:
    """Return the first of several outputs: of an auxiliary classifier the validity head, by convention."""
    return output[0] if isinstance(output, list | tuple) else output


def _scores(output: Any) -> np.ndarray:
    """Return one number an image, float32 (n,): of a patch discriminator, which scores every patch, their mean."""
    values = np.asarray(keras.ops.convert_to_numpy(output), np.float32)
    mean: np.ndarray = values.reshape(len(values), -1).mean(axis=1)
    return mean
