"""Where a step of a hand-written loop ends, told by the order in which its players are updated."""

from __future__ import annotations

from gandoctor.player_names import Player

ROUNDS_UNTIL_KNOWN = 3
"""Rounds after which it is known how often each player is updated in one."""
PATIENCE_ROUNDS, PATIENCE_UPDATES = 20, 100
"""Updates of one player in a row after which the other is held to have stopped: as many as twenty rounds have, and more
than the hundred of a critic that is brought up to date on the way (Arjovsky et al., 2017)."""
PATIENCE_FIRST: dict[Player, int] = {"g": PATIENCE_UPDATES, "d": 500}
"""The same before the first round. Discriminators are brought up before the game, generators hardly ever."""


class StepCycle:
    """A step is one round of the game: the player that is updated first, as often as it is, then the other one.

    How often the second player is updated in a round is learned from the rounds before: a step that ends too early
    gives the rest of its updates to the next one. Where one player is updated no more, the other goes on in rounds of
    its own. So it does where the other was never updated, as where the wrong optimizer is called.
    """

    def __init__(self) -> None:
        self._opener: Player | None = None  # the player that is updated first
        self._in_a_row = 0  # updates of one player since the other's
        self._last: Player | None = None
        self._rounds = 0
        self._usual: dict[Player, int] = {}  # updates of each player in the round before

    def updated(self, player: Player) -> bool:
        """Take note of an update; tell whether it ends a step."""
        if self._opener is None:
            self._opener = player
        if self._last is not None and player != self._last:
            self._rounds += player == self._opener
            if not self._is_alone(self._last):
                self._usual[self._last] = self._in_a_row
            self._in_a_row = 0
        self._last = player
        self._in_a_row += 1
        usual = self._usual.get(player, 1)
        if self._is_alone(player):
            return self._in_a_row % usual == 0
        return player != self._opener and self._in_a_row == usual

    def _is_alone(self, player: Player) -> bool:
        """Tell whether the other player has stopped."""
        if self._rounds == 0:
            return self._opener == player and self._in_a_row > PATIENCE_FIRST[player]
        many = max(PATIENCE_UPDATES, PATIENCE_ROUNDS * self._usual.get(player, 1))
        return self._rounds >= ROUNDS_UNTIL_KNOWN and self._in_a_row > many
