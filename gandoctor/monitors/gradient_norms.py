"""GradientNormMonitor: the global gradient norm of each player in its own update, before clipping."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.monitors.monitor import Monitor
from gandoctor.monitors.taps import Update


class GradientNormMonitor(Monitor):
    """Records d_grad_norm and g_grad_norm at every `optimizer.apply`.

    Only the player's own weights count: where the generator's optimizer is also given the discriminator's weights,
    their gradients are left out of g_grad_norm.
    """

    def on_gradients(self, update: Update) -> dict[str, Any]:
        """Add the norm of this update's gradients to the graph.

        A step that a loss-scaling optimizer skips because the scale was too high is absent: nothing is wrong with it.
        """
        assert self.session is not None
        gradients = [g for g, _ in update.gradients[update.phase] if g is not None]
        if gradients:
            norm = global_norm(gradients) / update.scale
            self.session.step_log.put({f"{update.phase}_grad_norm": norm}, when=update.finite)
        return {}

    def probe(self, step: int, probe: object) -> dict[str, float]:
        """After training has begun, say whose updates were never seen."""
        assert self.session is not None
        if step > self.session.first_step:
            self.session.note_captures(step, {"d": ("d_grad_norm",), "g": ("g_grad_norm",)})
            for player, reason in self.session.taps.unsummed.items():
                self.session.manifest.missing[f"{player}_grad_norm"] = reason
        return {}


def global_norm(gradients: list[Any]) -> Any:
    """L2 norm of all entries together, float32; sparse gradients count their non-zero rows."""
    dense = [g.values if isinstance(g, tf.IndexedSlices) else g for g in gradients]
    # l2_loss is half the sum of squares, one fused pass without a temporary.
    return tf.sqrt(2.0 * tf.add_n([tf.nn.l2_loss(tf.cast(g, tf.float32)) for g in dense]))
