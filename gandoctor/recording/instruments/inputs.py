"""Inputs: what the players are fed in each step, the latents and the real batch."""

from __future__ import annotations

from typing import Any

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import Player
from gandoctor.recording.in_step import Batch, Fed, StepTrace
from gandoctor.recording.instrument import Instrument, Readings, Recording

_SIGNALS: dict[Fed, tuple[str, str]] = {
    "latents": ("latent_mean", "latent_spread"),
    "real": ("real_mean", "real_spread"),
}
_FED: dict[Player, tuple[str, str]] = {
    "d": ("d_step_input_min", "d_step_input_max"),
    "g": ("g_step_input_min", "g_step_input_max"),
}
_IN_A_LOOP = Message(
    "in a hand-written loop a real batch is told apart only where the discriminator is given two, and one of them is "
    "what the generator has returned"
)
_NOT_YET = Message("the networks have not been called inside a training step so far")


class Inputs(Instrument):
    """Records mean and spread of latents and real batches of every step: two numbers that repeat where a batch does.

    And the range of what the discriminator is given towards each player's loss: what the step makes of a batch.

    Which batch is real is told by `train_step` of a fitted model. In a hand-written loop it is the one batch that the
    discriminator is given and the generator has not made.
    """

    name = "InputMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._shape: tuple[int, ...] | None = None

    def begin(self) -> Readings:
        """Say why they may not come."""
        blocked = self.recording.backend.blocked
        real, others = (blocked or Absence(Absent.NOT_SEEN, why) for why in (_IN_A_LOOP, _NOT_YET))
        found = {name: others for names in (_SIGNALS["latents"], *_FED.values()) for name in names}
        return found | dict.fromkeys(_SIGNALS["real"], real)

    def on_input(self, kind: Fed, batch: Batch) -> Readings:
        """Summarise what is fed; tell of real data that have another shape than before."""
        if kind == "real" and batch.shape is not None:
            if self._shape not in (None, batch.shape):
                self.recording.data_changed()
            self._shape = batch.shape
        summary = batch.mean_and_spread()
        return {} if summary is None else dict(zip(_SIGNALS[kind], summary, strict=True))

    def after_step(self, trace: StepTrace) -> Readings:
        """Record the range of what the discriminator was given towards each player's loss."""
        found: dict[str, Any] = {}
        for player, extremes in trace.d_fed.items():
            found |= dict(zip(_FED[player], extremes, strict=True))
        return found
