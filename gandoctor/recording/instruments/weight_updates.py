"""WeightUpdateMonitor: how far each player's weights move in each player's update, and between two probes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.step_log import as_float
from gandoctor.backends.tensorflow.in_graph.taps import Update
from gandoctor.backends.tensorflow.in_graph.update_values import UpdateValues
from gandoctor.backends.tensorflow.players.layer_weights import LayerWeights, layer_weights
from gandoctor.backends.tensorflow.players.players import PLAYERS, Phase
from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.backends.tensorflow.replicas import on_first_replica, own_variable
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.instruments.gradient_norms import note_left_out
from gandoctor.recording.session.session import Session
from gandoctor.signals import member_of


class WeightUpdateMonitor(Monitor):
    """Records the movement of weights per phase, on steps that are measured (the first two and every probe).

    Weights are copied to monitor-owned variables before the update and compared after it, behind a flag in the graph:
    steps that are not measured pay for the flag only. From probe to probe, all weights that were created trainable are
    compared too, whatever moved them and whatever their flag says since. Keeps two copies of the weights. Of a player
    with more than 64 layers, the 64 with the most weights are recorded one by one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._measured: Any = None
        self._flag_is_up = False
        self._copies: dict[Phase, Any] = {}
        self._at_last_probe: dict[Phase, Any] = {}
        self._layers: dict[Phase, LayerWeights] = {}
        self._values: UpdateValues | None = None

    def attached(self, session: Session) -> None:
        """Create the copies now: variables born inside a train function make TensorFlow trace it twice."""
        self._measured = own_variable(False, "gandoctor_measured")
        self._values = UpdateValues(session.step_log)
        for player in PLAYERS:
            if session.weights.variables(player):
                copied = self._copy_of(player)
                self._values.prepare(player, copied.shape[0] + len(session.weights.variables(player)))

    def before_step(self, measured: bool) -> None:
        """Raise or lower the flag that the graph reads."""
        if measured != self._flag_is_up:
            self._measured.assign(measured)
            self._flag_is_up = measured

    def before_update(self, update: Update) -> dict[str, Any]:
        """Copy the weights the optimizer is about to move."""
        moving = _moved(update)

        def copy() -> Any:
            for player in moving:
                self._copy_of(player).assign(self._weights(player))
            return tf.constant(True)

        for player in moving:
            self._copy_of(player)
        on_first_replica(lambda: tf.cond(self._measured, copy, lambda: tf.constant(False)))
        return {}

    def after_update(self, update: Update) -> dict[str, Any]:
        """Compare the weights with their copies.

        Absent on steps that are not measured, and where nothing was to move: while gradients are being accumulated, or
        when a loss-scaling optimizer skips a step.
        """

        def record() -> Any:
            values = {f"{player}_update_in_{update.phase}_step": tf.constant(0.0) for player in PLAYERS}
            values[f"{update.phase}_update_ratio"] = tf.constant(0.0)  # stays so where it was given no gradient
            for player in _moved(update):
                before, now = self._copy_of(player).read_value(), self._weights(player)
                moved = now - before
                values[f"{player}_update_in_{update.phase}_step"] = distance = norm(moved)
                if player == update.phase:
                    values[f"{player}_update_ratio"] = tf.math.divide_no_nan(distance, norm(before))
                    self._put_moved(update, moved)
            assert self.session is not None
            self.session.step_log.put(values, when=update.applied)
            return tf.constant(True)

        # All of it in the branch: a step that is not measured computes nothing and writes nothing.
        on_first_replica(lambda: tf.cond(self._measured, record, lambda: tf.constant(False)))
        return {}

    def probe(self, step: int, probe: object) -> dict[str, float]:
        """Record the learning rates in force and how far all weights have moved since the last probe."""
        assert self.session is not None
        players = self.session.players
        found = {}
        for name, optimizer in (
            ("d_learning_rate", players.d_optimizer),
            ("g_learning_rate", players.g_optimizer),
        ):
            if optimizer is not None:
                found[name] = as_float(optimizer.learning_rate)
        for player in PLAYERS:
            found |= self._layer_ratios(player)
            now, before = self.session.weights.copy(player), self._at_last_probe.get(player)
            if before is not None and before.shape == now.shape:
                found[f"{player}_movement"] = as_float(norm(now - before))
            self._at_last_probe[player] = now
        if step > self.session.first_step:
            names = ("d_update_in_{}_step", "g_update_in_{}_step", "{}_update_ratio", "{}_layer_update_ratio")
            self.session.note_captures(step, {p: tuple(name.format(p) for name in names) for p in PLAYERS})
            for player, layers in self._layers.items():
                note_left_out(self.session, f"{player}_layer_update_ratio", layers)
        return found

    def _put_moved(self, update: Update, moved: Any) -> None:
        """Keep how the player's own weights moved, and for each variable whether it was to be moved at all."""
        assert self.session is not None
        assert self._values is not None
        given = {id(inner(v)) for g, v in update.gradients[update.phase] if g is not None}
        flags = [float(id(inner(v)) in given) for v in self.session.weights.variables(update.phase)]
        self._values.put(update.phase, tf.concat([moved, tf.constant(flags)], 0), when=update.applied)

    def _layer_ratios(self, player: Phase) -> dict[str, float]:
        """Tell how far each layer moved in the last step, relative to its norm; absent where that was 0."""
        assert self.session is not None
        assert self._values is not None
        values = self._values.read(player)
        if values is None:
            return {}
        variables = self.session.weights.variables(player)
        before = self._copy_of(player).numpy()
        ends = np.cumsum([math.prod(v.shape) for v in variables])
        flags = values[len(before) :]
        parts = zip(np.split(values[: len(before)], ends[:-1]), np.split(before, ends[:-1]), strict=True)
        squares = {
            id(v): (float(np.dot(moved, moved)), float(np.dot(was, was)))
            for v, (moved, was), flag in zip(variables, parts, flags, strict=True)
            if flag
        }
        found = {}
        for name, own in self._layers_of(player).layers.items():
            given = [squares[id(v)] for v in own if id(v) in squares]
            size = sum(was for _, was in given)
            if size != 0.0:
                ratio = math.sqrt(sum(moved for moved, _ in given) / size)
                found[member_of(f"{player}_layer_update_ratio", name)] = ratio
        return found

    def _layers_of(self, player: Phase) -> LayerWeights:
        if player not in self._layers:
            assert self.session is not None
            self._layers[player] = layer_weights(self.session.players.network(player))
        return self._layers[player]

    def _weights(self, player: Phase) -> Any:
        assert self.session is not None
        return self.session.weights.copy(player)

    def _copy_of(self, player: Phase) -> Any:
        """The variable that keeps a player's weights as they were before an update."""
        if player not in self._copies:
            assert self.session is not None
            size = sum(math.prod(v.shape) for v in self.session.weights.variables(player))
            with tf.init_scope():
                self._copies[player] = own_variable(tf.zeros((size,)), "gandoctor_copy")
        return self._copies[player]


def norm(vector: Any) -> Any:
    """L2 norm, by one fused pass: `l2_loss` is half the sum of squares."""
    return tf.sqrt(2.0 * tf.nn.l2_loss(vector))


def _moved(update: Update) -> list[Phase]:
    """Return the players that an optimizer may move: it skips weights without a gradient."""
    return [player for player in PLAYERS if any(g is not None for g, _ in update.gradients[player])]
