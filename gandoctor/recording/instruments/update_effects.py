"""UpdateEffects: what each player's update does to the discriminator's view of generated and real images."""

from __future__ import annotations

import numpy as np

from gandoctor.message import Absence, Absent, Message
from gandoctor.recording.in_step import Update, Weights, WeightSlot
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.probe.forward_passes import Probe

MEASUREMENTS_A_RUN = 5
"""Beside the first two steps: each costs one pass of the generator and three or four of the discriminator."""
STEPS_BETWEEN = 200
"""Where the length of the run is unknown."""
_D_STEP = ("fake_logit_change_in_d_step", "logit_gap_change_in_d_step")
_G_STEP = ("fake_logit_change_in_g_step",)


class UpdateEffects(Instrument):
    """Records how far an update moved D's mean logit on generated images, and its gap to the reals.

    The two players pull in opposite directions: where the discriminator's update widens the gap between real and
    generated, the generator's update carries the generated images after the real ones. Which direction that is, is a
    convention; that they agree on it is not.

    Weights are copied before a measured step. After it, the old and new players are run on the same latents and reals,
    so that nothing is added to the training step, save one copy where the generator's update moves D as well.
    """

    name = "UpdateEffectMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._backend = recording.backend
        # Made now, if it can be: what is born inside a traced step has that step traced twice.
        self._measured = self._backend.switch("effects_measured")
        self._d_between: WeightSlot | None = self._backend.slot("d") if self._backend.variables("d") else None
        self._before: tuple[Weights, Weights] | None = None
        self._leaks = False
        self._next = 0
        blocked = self._backend.blocked
        self._blind = blocked if blocked is not None and blocked.code is Absent.BETWEEN_STEPS else None

    def begin(self) -> Readings:
        """Say what cannot be recorded for want of real data, or of a look into the step."""
        if self._blind is not None:
            return dict.fromkeys((*_D_STEP, *_G_STEP), self._blind)
        if self.recording.reals is None:
            return {"logit_gap_change_in_d_step": self.recording.absence("probe_data")}
        return {}

    def before_step(self, measured: bool) -> None:
        """Copy both players' weights before some of the steps that are measured."""
        self._before = None
        self._measured.set(False)
        upcoming, forward = self.recording.step + 1, self.recording.forward
        if self._blind is not None or not measured or forward is None or forward.no_scores is not None:
            return
        if upcoming >= self._next or upcoming - self.recording.first_step <= 2:
            planned = self.recording.manifest.planned_steps
            self._next = upcoming + (max(1, planned // MEASUREMENTS_A_RUN) if planned else STEPS_BETWEEN)
            self._before = self._backend.snapshot("d"), self._backend.snapshot("g")
            self._measured.set(True)

    def before_update(self, update: Update) -> Readings:
        """Where the generator's update moves the discriminator too, keep what that was after its own."""
        if update.phase == "g" and "d" in update.moves:
            self._leaks = True
            if self._d_between is None:
                self._d_between = self._backend.slot("d")
            self._measured.when_on(self._d_between.keep)
        return {}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Compare the players before and after the step that has just ended."""
        forward = self.recording.forward
        if self._blind is not None:
            return {}
        if probe is None or forward is None or probe.fake is None:
            return dict.fromkeys((*_D_STEP, *_G_STEP), self._why_not())
        if self._before is None:
            return {}
        d_before, g_before = self._before
        old = forward.generate(g_before)
        if self._leaks and self._d_between is not None:
            d_between = self._d_between.read()
            fake_now = forward.mean_logits(d_between, probe.raw)[0]
        else:  # the probe has asked the discriminator as it is now, that is, as its own update left it
            d_between = self._backend.snapshot("d")
            fake_now = float(np.mean(probe.fake.logit))
        fake_then, real_then = forward.mean_logits(d_before, old)
        fake_between, real_between = forward.mean_logits(d_between, old)
        found = {
            "fake_logit_change_in_d_step": fake_between - fake_then,
            "fake_logit_change_in_g_step": fake_now - fake_between,
        }
        inferred: Readings = {}
        if real_then is not None and real_between is not None:
            moved = real_between - real_then
            found["logit_gap_change_in_d_step"] = gap = moved - found["fake_logit_change_in_d_step"]
            inferred = self.recording.polarity.see_effects(found["fake_logit_change_in_g_step"], gap)
        return {**{name: float(np.float32(value)) for name, value in found.items()}, **inferred}

    def _why_not(self) -> Absence:
        forward = self.recording.forward
        return (
            self.recording.absence("latent_sampler")
            or (forward.no_scores if forward is not None else None)
            or Absence(Absent.CANNOT_RUN, Message("the players could not be run"))
        )
