"""WeightUpdateMonitor: how far each player's weights move in each player's update."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.monitors.gradient_norms import global_norm
from gandoctor.monitors.monitor import Monitor
from gandoctor.monitors.players import Phase
from gandoctor.monitors.step_log import as_float
from gandoctor.monitors.taps import Update


class WeightUpdateMonitor(Monitor):
    """Records the movement of weights per phase, on steps that are measured (the first two and every probe).

    Weights are copied to monitor-owned variables before the update and compared after it, behind a flag in the graph:
    steps that are not measured pay for the flag only. Keeps one copy of the weights that are being trained.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._measured: Any = None
        self._flag_is_up = False
        self._copies: dict[int, Any] = {}

    def before_step(self, measured: bool) -> None:
        """Raise or lower the flag that the graph reads."""
        if self._measured is None:
            self._measured = tf.Variable(False, trainable=False, name="gandoctor_measured")
        if measured != self._flag_is_up:
            self._measured.assign(measured)
            self._flag_is_up = measured

    def before_update(self, update: Update) -> dict[str, Any]:
        """Copy the weights the optimizer is about to move."""
        variables = [_inner(v) for player in ("d", "g") for _, v in _moved(update, player)]
        with tf.init_scope():
            if self._measured is None:
                self._measured = tf.Variable(False, trainable=False, name="gandoctor_measured")
            for v in variables:
                if id(v) not in self._copies:
                    self._copies[id(v)] = tf.Variable(tf.zeros_like(v), trainable=False, name="gandoctor_copy")

        def copy() -> Any:
            for v in variables:
                self._copies[id(v)].assign(v)
            return tf.constant(True)

        tf.cond(self._measured, copy, lambda: tf.constant(False))
        return {}

    def after_update(self, update: Update) -> dict[str, Any]:
        """Compare the weights with their copies.

        Absent on steps that are not measured, and where nothing was to move: while gradients are being accumulated, or
        when a loss-scaling optimizer skips a step.
        """

        def distances() -> Any:
            moved = []
            for player in ("d", "g"):
                pairs = [_inner(v) for _, v in _moved(update, player)]
                moved.append(global_norm([v - self._copies[id(v)] for v in pairs]) if pairs else tf.constant(0.0))
            own = [self._copies[id(_inner(v))] for _, v in _moved(update, update.phase)]
            moved.append(global_norm(own) if own else tf.constant(0.0))
            return tf.stack(moved)

        found = tf.cond(self._measured, distances, lambda: tf.zeros((3,)))
        moved = {"d": found[0], "g": found[1]}
        phase = update.phase
        values = {f"{player}_update_in_{phase}_step": moved[player] for player in ("d", "g")}
        values[f"{phase}_update_ratio"] = tf.math.divide_no_nan(moved[phase], found[2])
        assert self.session is not None
        self.session.step_log.put(values, when=tf.logical_and(self._measured, update.applied))
        return {}

    def probe(self, step: int, probe: object) -> dict[str, float]:
        """Record the learning rates in force."""
        assert self.session is not None
        players = self.session.players
        found = {}
        for name, optimizer in (
            ("d_learning_rate", players.d_optimizer),
            ("g_learning_rate", players.g_optimizer),
        ):
            if optimizer is not None:
                found[name] = as_float(optimizer.learning_rate)
        if step > self.session.first_step:
            self.session.note_captures(
                step, {p: (f"d_update_in_{p}_step", f"g_update_in_{p}_step", f"{p}_update_ratio") for p in ("d", "g")}
            )
        return found


def _moved(update: Update, player: Phase) -> list[tuple[Any, Any]]:
    """Return the pairs an optimizer really moves: it skips weights without a gradient."""
    return [(g, v) for g, v in update.gradients[player] if g is not None]


def _inner(variable: Any) -> Any:
    """Return the tf.Variable behind a Keras variable."""
    return variable.value if hasattr(variable, "path") else variable
