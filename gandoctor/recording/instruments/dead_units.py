"""DeadUnitMonitor: the share of each player's ReLU units that say nothing any more."""

from __future__ import annotations

import numpy as np

from gandoctor.backends.tensorflow.forward_passes import Probe
from gandoctor.backends.tensorflow.players.players import PLAYERS, Phase
from gandoctor.monitors.monitor import Monitor

_FULL = {"d": "discriminator", "g": "generator"}


class DeadUnitMonitor(Monitor):
    """Records d_dead_units and g_dead_units at every probe, in inference mode: a dropout's zeros are no dead units.

    The discriminator's are dead that are 0 for all scored reals and all scored fakes.
    """

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Count the units that were 0 throughout the probe's pass."""
        assert self.session is not None
        missing, found = self.session.manifest.missing, {}
        for player in PLAYERS:
            name = f"{player}_dead_units"
            alive = None if probe is None else probe.alive.get(player)
            if alive is None:
                missing[name] = self._why_not(player, probe)
            elif not alive.size:
                missing[name] = f"the {_FULL[player]} has no ReLU: no unit of it can be dead"
            else:
                missing.pop(name, None)
                found[name] = 1.0 - float(np.mean(alive))
        return found

    def _why_not(self, player: Phase, probe: Probe | None) -> str:
        assert self.session is not None
        missing, forward = self.session.manifest.missing, self.session.forward
        if probe is None:
            return missing.get("latent_sampler", "the players could not be run")
        if player == "d" and probe.no_scores is not None:
            return probe.no_scores
        if player == "d" and probe.real is None:
            return missing.get("probe_data", "there are no reals to run the discriminator on")
        if forward is not None and player in forward.hidden_units:
            return f"the {_FULL[player]} computes ReLUs inside a tf.function of its own, where they cannot be read"
        return "the players could not be run"
