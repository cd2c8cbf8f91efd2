"""WeightUpdateMonitor: how far each player's weights move in each player's update, and between two probes."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from gandoctor.monitors.monitor import Monitor
from gandoctor.monitors.players import Phase
from gandoctor.monitors.replicas import on_first_replica, own_variable
from gandoctor.monitors.session import Session
from gandoctor.monitors.step_log import as_float
from gandoctor.monitors.taps import Update

_PLAYERS: tuple[Phase, Phase] = ("d", "g")


class WeightUpdateMonitor(Monitor):
    """Records the movement of weights per phase, on steps that are measured (the first two and every probe).

    Weights are copied to monitor-owned variables before the update and compared after it, behind a flag in the graph:
    steps that are not measured pay for the flag only. From probe to probe, all weights that were created trainable are
    compared too, whatever moved them and whatever their flag says since. Keeps two copies of the weights.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._measured: Any = None
        self._flag_is_up = False
        self._copies: dict[Phase, Any] = {}
        self._at_last_probe: dict[Phase, Any] = {}

    def attached(self, session: Session) -> None:
        """Create the copies now: variables born inside a train function make TensorFlow trace it twice."""
        self._measured = own_variable(False, "gandoctor_measured")
        for player in _PLAYERS:
            if session.weights.variables(player):
                self._copy_of(player)

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

        def distances() -> Any:
            found = {"d": tf.constant(0.0), "g": tf.constant(0.0), "own": tf.constant(0.0)}
            for player in _moved(update):
                before = self._copy_of(player)
                found[player] = tf.norm(self._weights(player) - before)
                if player == update.phase:
                    found["own"] = tf.norm(before)
            return tf.stack(list(found.values()))

        def record() -> None:
            found = tf.cond(self._measured, distances, lambda: tf.zeros((3,)))
            moved = {"d": found[0], "g": found[1]}
            phase = update.phase
            values = {f"{player}_update_in_{phase}_step": moved[player] for player in _PLAYERS}
            values[f"{phase}_update_ratio"] = tf.math.divide_no_nan(moved[phase], found[2])
            assert self.session is not None
            self.session.step_log.put(values, when=tf.logical_and(self._measured, update.applied))

        on_first_replica(record)
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
        for player in _PLAYERS:
            now, before = self.session.weights.copy(player), self._at_last_probe.get(player)
            if before is not None and before.shape == now.shape:
                found[f"{player}_movement"] = as_float(tf.norm(now - before))
            self._at_last_probe[player] = now
        if step > self.session.first_step:
            self.session.note_captures(
                step, {p: (f"d_update_in_{p}_step", f"g_update_in_{p}_step", f"{p}_update_ratio") for p in _PLAYERS}
            )
        return found

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


def _moved(update: Update) -> list[Phase]:
    """Return the players that an optimizer may move: it skips weights without a gradient."""
    return [player for player in _PLAYERS if any(g is not None for g, _ in update.gradients[player])]
