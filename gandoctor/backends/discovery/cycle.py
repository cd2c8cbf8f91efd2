"""Where a step of a hand-written loop ends, told by the order in which its players are updated."""

from __future__ import annotations

from gandoctor.player_names import OTHER, Player


class StepCycle:
    """A step is one round of the game: the player that is updated first, as often as it is, then the other one.

    How often the second player is updated in a round is learned from the rounds before: a step that ends too early
    gives the rest of its updates to the next one.

    Attributes:
        opener: The player that is updated first; None before the first update.
    """

    def __init__(self) -> None:
        self.opener: Player | None = None
        self._closings = 0  # updates of the second player since the first was updated
        self._expected = 1

    def updated(self, player: Player) -> bool:
        """Take note of an update; tell whether it ends a step."""
        if self.opener is None:
            self.opener = player
        if player == self.opener:
            if self._closings:
                self._expected = self._closings
            self._closings = 0
            return False
        self._closings += 1
        return self._closings == self._expected

    @property
    def closer(self) -> Player | None:
        """The player that is updated last."""
        return None if self.opener is None else OTHER[self.opener]
