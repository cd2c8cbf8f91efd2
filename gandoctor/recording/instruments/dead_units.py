"""DeadUnits: the share of each player's ReLU units that output nothing but 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandoctor.message import Absence, Absent, Message
from gandoctor.player_names import NAMES, PLAYERS, Player
from gandoctor.recording.instrument import Instrument, Readings
from gandoctor.recording.probe.forward_passes import Probe

_NOT_RUN = Absence(Absent.CANNOT_RUN, Message("the players could not be run"))


class DeadUnits(Instrument):
    """Records d_dead_units and g_dead_units at every probe, in inference mode: a dropout's zeros are no dead units.

    The discriminator's are dead that are 0 for all scored reals and all scored fakes.
    """

    name = "DeadUnitMonitor"

    def probe(self, step: int, probe: Probe | None) -> Readings:
        """Count the units that were 0 throughout the probe's pass."""
        found: dict[str, Any] = {}
        for player in PLAYERS:
            alive = None if probe is None else probe.alive.get(player)
            if alive is None:
                found[f"{player}_dead_units"] = self._why_not(player, probe)
            elif not alive.size:
                why = Message("the {player} has no ReLU: no unit of it can be dead", player=NAMES[player])
                found[f"{player}_dead_units"] = Absence(Absent.NOT_APPLICABLE, why)
            else:
                found[f"{player}_dead_units"] = 1.0 - float(np.mean(alive))
        return found

    def _why_not(self, player: Player, probe: Probe | None) -> Absence:
        if probe is None:
            return self.recording.absence("latent_sampler") or _NOT_RUN
        if player == "d" and probe.no_scores is not None:
            return probe.no_scores
        if player == "d" and probe.real is None:
            no_reals = Message("there are no reals to run the discriminator on")
            return self.recording.absence("probe_data") or Absence(Absent.NOT_GIVEN, no_reals)
        if player in probe.hidden_units:
            why = Message(
                "the {player} may compute ReLUs where they cannot be read, such as in code of its own",
                player=NAMES[player],
            )
            return Absence(Absent.NOT_SEEN, why)
        return _NOT_RUN
