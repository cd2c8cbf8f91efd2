"""Calls of the two networks that leave no trace: no seed, batch-norm statistic or other weight moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.keras_networks.own_attributes import attributes_kept
from gandoctor.backends.tensorflow.in_graph.train_step import unobserved
from gandoctor.backends.tensorflow.own_variables import variables_kept
from gandoctor.backends.tensorflow.players.weights import Weights
from gandoctor.backends.tensorflow.relu_units import ReluUnits, relu_units
from gandoctor.message import Message
from gandoctor.player_names import NAMES, Player
from gandoctor.recording.in_step import Pass
from gandoctor.recording.objective.game import PROBABILITY_LEAST, Game, NotPlayable, Ops
from gandoctor.recording.players import Players


def _logit(probability: Any) -> Any:
    clipped = tf.clip_by_value(probability, PROBABILITY_LEAST, 1.0 - PROBABILITY_LEAST)
    return tf.math.log(clipped) - tf.math.log1p(-clipped)


_OPS = Ops(mean=tf.reduce_mean, softplus=tf.nn.softplus, relu=tf.nn.relu, logit=_logit)


class NetworkCalls:
    """Runs the players with given weights.

    Every call goes through `stateless_call`, also in inference mode, where a noise layer may still draw.

    Args:
        players: Generator, discriminator.
        weights: Takes copies of theirs.
    """

    def __init__(self, players: Players, weights: Weights) -> None:
        self._players = players
        self._weights = weights
        self._hidden_units: set[Player] = set()
        # Weights are an argument: one trace of each serves the players as they are and as they were. One vector, as a
        # call costs by the argument.
        self._generate = tf.function(self._generated, autograph=False)
        self._score = tf.function(self._scored, autograph=False)
        self._differentiate = tf.function(self._differentiated, autograph=False)
        self._play = tf.function(self._played, autograph=False)

    def forward(self, player: Player, batches: Sequence[Any], training: bool, weights: Any) -> Pass:
        """Run a player; see `recording.backend.Backend`."""
        if player == "g":
            (latents,) = batches
            output, alive = _leaving_variables(self._generate, weights, latents, training=training)
            return Pass(output, alive=self._readable("g", alive))
        output, logit, alive = _leaving_variables(self._score, weights, list(batches), training=training)
        return Pass(output, logit, self._readable("d", alive))

    def input_gradient(self, images: Any) -> np.ndarray:
        """Return the gradient of the discriminator's summed logit with respect to its input; see `Backend`."""
        gradient: np.ndarray = _leaving_variables(self._differentiate, self._weights.copy("d"), images).numpy()
        return gradient

    def game_gradient(
        self, game: Game, player: Player, weights: Mapping[Player, Any], latents: Any, reals: Any
    ) -> tuple[Any, Any]:
        """Differentiate a game played on copies; see `recording.backend.Backend`."""
        found: tuple[Any, Any] = _leaving_variables(
            self._play, weights["g"], weights["d"], latents, reals, game=game, player=player
        )
        return found

    def _readable(self, player: Player, alive: Any) -> np.ndarray | None:
        return None if player in self._hidden_units else alive.numpy()

    def _generated(self, weights: Any, latents: Any, training: bool) -> tuple[Any, Any]:
        output, alive = self._call("g", weights, latents, training)
        # float32, as the reals are given: real and generated images share one trace of the discriminator.
        return tf.cast(output, tf.float32), alive

    def _scored(self, weights: Any, batches: Any, training: bool) -> tuple[Any, Any, Any]:
        images = batches[0] if len(batches) == 1 else tf.nest.map_structure(lambda *t: tf.concat(t, 0), *batches)
        output, alive = self._call("d", weights, images, training)
        output = _validity(output)
        # Keras keeps the logits of a final sigmoid on its output; they do not saturate as the probability does.
        logit = getattr(output, "_keras_logits", output)
        n = tf.shape(output)[0]
        # A patch discriminator scores every patch: an image's score is their mean.
        flattened = [tf.reduce_mean(tf.reshape(tf.cast(t, tf.float32), (n, -1)), axis=1) for t in (output, logit)]
        return flattened[0], flattened[1], alive

    def _differentiated(self, weights: Any, images: Any) -> Any:
        first = tf.nest.flatten(images)[0]
        output, _ = self._call("d", weights, images, training=False)
        output = _validity(output)
        total = tf.reduce_sum(getattr(output, "_keras_logits", output))
        return tf.gradients(total, first)[0]  # by the graph: around a probe no tape records

    def _played(
        self, g_weights: Any, d_weights: Any, latents: Any, reals: Any, game: Game, player: Player
    ) -> tuple[Any, Any]:
        fakes, _ = self._call("g", g_weights, latents, training=False)
        real, fake = (self._read(game, d_weights, images) for images in (reals, tf.cast(fakes, tf.float32)))
        value = game.value(_OPS, real, fake)
        target, by = (game.g_loss(_OPS, fake), g_weights) if player == "g" else (-value, d_weights)
        (gradient,) = tf.gradients(target, by)  # by the graph: around a probe no tape records
        if gradient is None:
            raise NotPlayable(Message("the {player}'s loss does not depend on its weights", player=NAMES[player]))
        return value, gradient

    def _read(self, game: Game, weights: Any, images: Any) -> Any:
        """Return what a game reads of the discriminator's output."""
        output = _validity(self._call("d", weights, images, training=False)[0])
        return tf.cast(getattr(output, "_keras_logits", output) if game.reads_logit else output, tf.float32)

    def _call(self, player: Player, weights: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        """Return a player's output and its live ReLU units; the latter are empty in training mode."""
        network = self._players.network(player)
        values = self._weights.unflattened(player, weights)
        units_seen = nullcontext(ReluUnits()) if training else relu_units(network)
        with attributes_kept(network), unobserved(), units_seen as units:
            output, _ = network.stateless_call(
                [values.get(id(v.value), v.value) for v in network.trainable_variables],
                [values.get(id(v.value), v.value) for v in network.non_trainable_variables],
                inputs,
                training=training,
            )
        if units.hidden:
            self._hidden_units.add(player)
        return output, units.all()


def _leaving_variables(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a traced function and put every variable that it captures back."""
    with variables_kept(function.get_concrete_function(*args, **kwargs).graph):
        return function(*args, **kwargs)


def _validity(output: Any) -> Any:
    """Return the first of several outputs: of an auxiliary classifier the validity head, by convention."""
    return output[0] if isinstance(output, list | tuple) else output
