"""GradientNormMonitor: the gradient norms of each player in its own update, whole and by layer, before clipping."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.taps import Update
from gandoctor.backends.tensorflow.in_graph.update_values import UpdateValues
from gandoctor.backends.tensorflow.players.layer_weights import LAYERS_MAX, LayerWeights, layer_weights
from gandoctor.backends.tensorflow.players.players import PLAYERS, Phase
from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.backends.tensorflow.replicas import on_first_replica
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.session.session import Session
from gandoctor.signals import member_of

_NO_GRADIENT = -1.0
"""Stands for a weight that was given no gradient, where others have half the square of its norm."""


class GradientNormMonitor(Monitor):
    """Records d_grad_norm and g_grad_norm at every `optimizer.apply`, and at a probe the norms of the layers.

    Only the player's own weights count: where the generator's optimizer is also given the discriminator's weights,
    their gradients are left out of g_grad_norm. Of a player with more than 64 layers, the 64 with the most weights
    are recorded one by one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._layers: dict[Phase, LayerWeights] = {}
        self._values: UpdateValues | None = None

    def attached(self, session: Session) -> None:
        """Make what the graph writes to."""
        self._values = UpdateValues(session.step_log)
        for player in PLAYERS:
            if session.weights.variables(player):
                self._values.prepare(player, len(self._layers_of(player).variables) + 1)

    def on_gradients(self, update: Update) -> dict[str, Any]:
        """Add the norms of this update's gradients to the graph.

        A step that a loss-scaling optimizer skips because the scale was too high is absent: nothing is wrong with it.
        """
        assert self.session is not None
        halves = {id(inner(v)): half_square(g) for g, v in update.gradients[update.phase] if g is not None}
        if halves:
            norm = tf.sqrt(2.0 * tf.add_n(list(halves.values()))) / update.scale
            self.session.step_log.put({f"{update.phase}_grad_norm": norm}, when=update.finite)
            known = [halves.get(id(inner(v)), _NO_GRADIENT) for v in self._layers_of(update.phase).variables]
            assert self._values is not None
            values, vector = self._values, tf.stack([*known, tf.cast(update.scale, tf.float32)])
            on_first_replica(lambda: values.put(update.phase, vector, when=update.finite))
        return {}

    def probe(self, step: int, probe: object) -> dict[str, float]:
        """Read the layers' norms in the last step; after training has begun, say whose updates were never seen."""
        assert self.session is not None
        found: dict[str, float] = {}
        for player in PLAYERS:
            found |= self._layer_norms(player)
        if step > self.session.first_step:
            names: dict[Phase, tuple[str, ...]] = {p: (f"{p}_grad_norm", f"{p}_layer_grad_norm") for p in PLAYERS}
            self.session.note_captures(step, names)
            for player, reason in self.session.taps.unsummed.items():
                self.session.manifest.missing.update(dict.fromkeys(names[player], reason))
            for player, layers in self._layers.items():
                note_left_out(self.session, f"{player}_layer_grad_norm", layers)
        return found

    def _layer_norms(self, player: Phase) -> dict[str, float]:
        assert self._values is not None
        values = self._values.read(player)
        if values is None:
            return {}
        scale, found = float(values[-1]), {}
        for name, halves in self._layers_of(player).by_layer(values[:-1]).items():
            given = halves[halves != _NO_GRADIENT]
            if given.size:
                found[member_of(f"{player}_layer_grad_norm", name)] = float(np.sqrt(2.0 * given.sum())) / scale
        return found

    def _layers_of(self, player: Phase) -> LayerWeights:
        if player not in self._layers:
            assert self.session is not None
            self._layers[player] = layer_weights(self.session.players.network(player))
        return self._layers[player]


def note_left_out(session: Session, family: str, layers: LayerWeights) -> None:
    """Say in the manifest that a player has more layers than are recorded."""
    if layers.left_out:
        session.manifest.missing.setdefault(
            family, f"only the {LAYERS_MAX} layers with the most weights are recorded; {layers.left_out} are not"
        )


def half_square(gradient: Any) -> Any:
    """Half the sum of a gradient's squares, float32, one fused pass; a sparse one counts its non-zero rows."""
    dense = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
    return tf.nn.l2_loss(tf.cast(dense, tf.float32))
