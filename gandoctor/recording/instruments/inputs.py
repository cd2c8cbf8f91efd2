"""InputMonitor: what the players are fed in each step, the latents and the real batch."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.backends.tensorflow.in_graph.taps import StepTrace
from gandoctor.backends.tensorflow.in_graph.train_step import Input
from gandoctor.backends.tensorflow.players.players import Phase
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.session.session import Session

_SIGNALS = {"latents": ("latent_mean", "latent_spread"), "real": ("real_mean", "real_spread")}
_FED: dict[Phase, tuple[str, str]] = {
    "d": ("d_step_input_min", "d_step_input_max"),
    "g": ("g_step_input_min", "g_step_input_max"),
}


class InputMonitor(Monitor):
    """Records mean and spread of latents and real batches of every step: two numbers that repeat where a batch does.

    And the range of what the discriminator is given towards each player's loss: what `train_step` makes of a batch.

    Seen inside `train_step` of a fitted model; a hand-written loop keeps its inputs to itself.
    """

    def attached(self, session: Session) -> None:
        """Until they come they are missing; a hand-written loop's never do."""
        reason = "what is fed can be seen inside a model's train_step only, not in a hand-written loop"
        for names in (*_SIGNALS.values(), *_FED.values()):
            session.manifest.missing.update(dict.fromkeys(names, session.taps.blocked or reason))

    def on_input(self, kind: Input, value: Any) -> dict[str, Any]:
        """Summarise one input; of several tensors (images and labels, say) the first that is a batch of arrays."""
        batches = [t for t in tf.nest.flatten(value) if _is_batch(t, 2 if kind == "latents" else 3)]
        if not batches:
            return {}
        assert self.session is not None
        for name in _SIGNALS[kind]:
            self.session.manifest.missing.pop(name, None)
        x = tf.cast(batches[0], tf.float32)
        mean, spread = _SIGNALS[kind]
        return {mean: tf.reduce_mean(x), spread: tf.reduce_mean(tf.math.reduce_std(x, axis=0))}

    def after_step(self, trace: StepTrace) -> dict[str, Any]:
        """Record the range of what the discriminator was given towards each player's loss."""
        assert self.session is not None
        found: dict[str, Any] = {}
        for phase, extremes in trace.d_fed.items():
            found |= dict(zip(_FED[phase], extremes, strict=True))
        for name in found:
            self.session.manifest.missing.pop(name, None)
        return found


def _is_batch(value: Any, least_rank: int) -> bool:
    """Tell whether this is a tensor of numbers with a batch axis; labels are integers of rank 1."""
    if not tf.is_tensor(value) or value.shape.rank is None or value.shape.rank < least_rank:
        return False
    return bool(value.dtype.is_floating or (least_rank == 3 and value.dtype.is_integer))
