"""UpdateEffectMonitor: what each player's update does to the discriminator's view of generated and real images."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.forward_passes import Probe
from gandoctor.backends.tensorflow.in_graph.taps import Update
from gandoctor.backends.tensorflow.players.weights import flat
from gandoctor.backends.tensorflow.replicas import on_first_replica, own_variable
from gandoctor.monitors.monitor import Monitor
from gandoctor.recording.session.session import Session

MEASUREMENTS_A_RUN = 5
"""Beside the first two steps: each costs one pass of the generator and three or four of the discriminator."""
STEPS_BETWEEN = 200
"""Where the length of the run is unknown."""
_D_STEP = ("fake_logit_change_in_d_step", "logit_gap_change_in_d_step")
_G_STEP = ("fake_logit_change_in_g_step",)


class UpdateEffectMonitor(Monitor):
    """Records how far an update moved D's mean logit on generated images, and its gap to the reals.

    The two players pull in opposite directions: where the discriminator's update widens the gap between real and
    generated, the generator's update carries the generated images after the real ones. Which direction that is, is a
    convention; that they agree on it is not.

    Weights are copied before a measured step. After it, the old and new players are run on the same latents and reals,
    so that nothing is added to the training graph, save one copy where the generator's update moves D as well.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before: tuple[Any, Any] | None = None
        self._d_between: Any = None
        self._measured: Any = None
        self._flag_is_up = False
        self._leaks = False
        self._next = 0

    def attached(self, session: Session) -> None:
        """Make what the graph reads and writes (born in it, TensorFlow would trace twice); say what is missing."""
        self._d_between = own_variable(session.weights.copy("d"), "gandoctor_d_between")
        self._measured = own_variable(False, "gandoctor_effects_measured")
        if session.reals is None:
            session.manifest.missing["logit_gap_change_in_d_step"] = session.manifest.missing["probe_data"]

    def before_step(self, measured: bool) -> None:
        """Copy both players' weights before some of the steps that are measured."""
        self._before = None
        self._raise_flag(False)
        assert self.session is not None
        upcoming, forward = self.session.step + 1, self.session.forward
        if not measured or forward is None or forward.no_scores is not None:
            return
        if upcoming >= self._next or upcoming - self.session.first_step <= 2:
            planned = self.session.manifest.planned_steps
            self._next = upcoming + (max(1, planned // MEASUREMENTS_A_RUN) if planned else STEPS_BETWEEN)
            self._before = self.session.weights.copy("d"), self.session.weights.copy("g")
            self._raise_flag(True)

    def before_update(self, update: Update) -> dict[str, Any]:
        """Where the generator's update moves the discriminator too, keep what it was after its own."""
        if update.phase == "g" and any(g is not None for g, _ in update.gradients["d"]):
            assert self.session is not None
            d_weights = self.session.weights.variables("d")
            self._leaks = True

            def keep() -> Any:
                self._d_between.assign(flat(d_weights))
                return tf.constant(True)

            on_first_replica(lambda: tf.cond(self._measured, keep, lambda: tf.constant(False)))
        return {}

    def _raise_flag(self, up: bool) -> None:
        if up != self._flag_is_up:
            self._measured.assign(up)
            self._flag_is_up = up

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Compare the players before and after the step that has just ended."""
        assert self.session is not None
        session = self.session
        forward, missing = session.forward, session.manifest.missing
        if probe is None or forward is None or probe.fake is None:
            reason = missing.get("latent_sampler") or (forward.no_scores if forward is not None else None)
            missing.update(dict.fromkeys((*_D_STEP, *_G_STEP), reason or "the players could not be run"))
            return {}
        if self._before is None:
            return {}
        d_before, g_before = self._before
        d_between = session.weights.copy("d") if not self._leaks else self._d_between.read_value()
        old = forward.generate(g_before)
        fake_then, real_then = forward.mean_logits(d_before, old)
        fake_between, real_between = forward.mean_logits(d_between, old)
        # The probe has asked the discriminator as it is now: as its own update left it, unless the other moved it.
        fake_now = forward.mean_logits(d_between, probe.raw)[0] if self._leaks else float(np.mean(probe.fake.logit))
        found = {
            "fake_logit_change_in_d_step": fake_between - fake_then,
            "fake_logit_change_in_g_step": fake_now - fake_between,
        }
        if real_then is not None and real_between is not None:
            moved = real_between - real_then
            found["logit_gap_change_in_d_step"] = moved - found["fake_logit_change_in_d_step"]
            session.inference.saw_effects(found["fake_logit_change_in_g_step"], found["logit_gap_change_in_d_step"])
        return {name: float(np.float32(value)) for name, value in found.items()}
