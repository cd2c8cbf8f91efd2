"""DualityGap: how much the two players together could gain, each by a few steps alone.

`max_D' M(G, D') - min_G' M(G', D)`, M being the game's value: 0 at an equilibrium, more away from it (Grnarova et al.,
NeurIPS 2019). Each extreme is looked for by steps of Adam on a copy, so what is found is a lower bound. No feature
space is needed, so it can be had of data of every kind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import PLAYERS
from gandoctor.recording.instrument import Instrument, Readings, Recording
from gandoctor.recording.objective.best_response import BestResponses
from gandoctor.recording.objective.game import NotPlayable, game_of
from gandoctor.recording.probe.forward_passes import Probe
from gandoctor.recording.probe.nested import flattened

SIGNAL = "duality_gap"
STEPS = 50
"""Steps of each copy."""
BATCH = 64
"""Rows of a step, at most."""
LEAST = 16
"""Rows that a step and a judgement need at least."""
ROWS_MOST = 256
"""Rows of each kind that steps are taken on, and that are judged, at most."""
NOT_ASKED = Absence(Absent.NOT_APPLICABLE, Message("it was not asked for at any step (duality_gap_at=)"))


class DualityGap(Instrument):
    """Records the duality gap at the steps that were asked for, and at the last one where it is known, inference mode.

    Latents and reals are halved: steps are taken on one half, the value is told of the other. A copy that has come out
    worse there than the player itself counts as the player itself, so the gap is 0 or more; NaN where the value is.

    Args:
        recording: The session; its `duality_gap_at` holds the steps.
    """

    name = "DualityGapMonitor"

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording)
        self._waiting = [step for step in sorted(recording.duality_gap_at) if step > recording.first_step]
        self._was_asked = bool(recording.duality_gap_at)

    def begin(self) -> Readings:
        """Say what is lacking."""
        recording = self.recording
        if not self._was_asked:
            return {SIGNAL: NOT_ASKED}
        if recording.manifest.game is not None:
            why = Message("several pairs of players train together, and the game of one of them is not all they play")
            return {SIGNAL: Absence(Absent.NOT_APPLICABLE, why)}
        lacking = recording.absence("latent_sampler") or recording.absence("probe_data")
        return {} if lacking is None else {SIGNAL: lacking}

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Play the game on copies where the step has been reached."""
        planned = self.recording.manifest.planned_steps
        is_due = (bool(self._waiting) and step >= self._waiting[0]) or (planned is not None and 0 < planned <= step)
        if not is_due or not self._was_asked or self.recording.manifest.game is not None:
            return {}
        self._waiting = [later for later in self._waiting if later > step]
        if probe is None or probe.no_scores is not None:
            return {} if probe is None else {SIGNAL: probe.no_scores}
        try:
            return {SIGNAL: self._gap()}
        except NotPlayable as error:
            return {SIGNAL: Absence(Absent.CANNOT_RUN, error.why)}
        except Exception as error:  # noqa: BLE001 - players that cannot be differentiated are no failure of ours
            why = Message("the players cannot be differentiated by their weights ({error})", error=type(error).__name__)
            return {SIGNAL: Absence(Absent.CANNOT_RUN, why)}

    def _gap(self) -> float:
        """Return the gap.

        Raises:
            NotPlayable: The game is not known, or cannot be played on copies.
        """
        recording = self.recording
        game, (latents, reals) = game_of(recording.manifest), self._rows()
        half = len(reals) // 2
        batch = min(BATCH, half)
        count = half // batch * batch
        taken, judged = (
            (latents[start : start + count], reals[start : start + count]) for start in (0, len(reals) - count)
        )
        play = BestResponses(recording.backend, game, taken, judged, batch)
        now = play.value()
        if not np.isfinite(now):
            return now
        best_d, best_g = (play.value_after(player, STEPS) for player in PLAYERS)
        return float(max(np.nan_to_num(best_d, nan=now), now) - min(np.nan_to_num(best_g, nan=now), now))

    def _rows(self) -> tuple[Any, Any]:
        """Return as many latents as reals, NumPy arrays, at most twice `ROWS_MOST`.

        Raises:
            NotPlayable: There are too few, or the networks take more than these.
        """
        recording = self.recording
        forward, whole = recording.forward, recording.latents.whole
        if forward is None or forward.all_reals is None:
            raise NotPlayable(Message("no real data are known"))
        place = forward.image_place
        if len(flattened(whole)) > 1 or len(flattened(forward.all_reals)) > 1:
            raise NotPlayable(Message("the networks take more than latents and data, such as labels"))
        if place is None or not place.holds_all(forward.all_reals):
            raise NotPlayable(Message("the discriminator is not given what the generator returns as it is"))
        latents, reals = np.asarray(flattened(whole)[0]), np.asarray(flattened(forward.all_reals)[0])
        count = min(len(latents), len(reals), 2 * ROWS_MOST)
        if count < 2 * LEAST:
            raise NotPlayable(
                Message("{count} latents and real examples are known, {least} are needed", count=count, least=2 * LEAST)
            )
        return latents[:count], reals[:count]
