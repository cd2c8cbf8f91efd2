"""Update counts: how often each player is updated in a step."""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.player_names import PLAYERS, Player
from gandoctor.rules.rule import NotEvaluated, not_recorded
from gandoctor.store import Run

LEAST_PROBES = 3
"""Recorded shares of updates from which they are taken for those of the whole run."""


@dataclass(frozen=True)
class UpdateCounts:
    """How often the players are updated.

    Attributes:
        a_step: Updates of each player in a step, the median of the run.
        first_step: First probe that shows it; last_step: the last one.
    """

    a_step: dict[Player, float]
    first_step: int
    last_step: int

    def times(self, player: Player, other: Player) -> float:
        """Return how many times as often one player is updated as the other; 0 where either stands still."""
        return self.a_step[player] / self.a_step[other] if self.a_step[other] > 0 else 0.0

    @property
    def told(self) -> Message:
        """The counts as a sentence."""
        return Message(
            "In a step the generator is updated {g:.3g} times and the discriminator {d:.3g} times.",
            g=self.a_step["g"],
            d=self.a_step["d"],
        )


def update_counts(run: Run) -> UpdateCounts:
    """Return the counts of a run.

    Raises:
        NotEvaluated: They were not recorded, or too seldom.
    """
    names: dict[Player, str] = {player: f"{player}_updates_a_step" for player in PLAYERS}
    for name in names.values():
        if name not in run:
            raise NotEvaluated(not_recorded(run, name))
    series = {player: run[name].dropna() for player, name in names.items()}
    if min(map(len, series.values())) < LEAST_PROBES:
        raise NotEvaluated(Message("Needs {probes} probes with the updates counted.", probes=LEAST_PROBES))
    steps = series["d"].index
    return UpdateCounts({p: float(s.median()) for p, s in series.items()}, int(steps[0]), int(steps[-1]))
