"""LeftOut: weights beside the players that a traced step computes their training from, and that nothing moves."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.discovery.flow import is_made_of, resources_of
from gandoctor.player_names import PLAYERS, Player
from gandoctor.store.player_card import LeftOutCard

LEAST_UPDATES = 50
"""Updates of a player after which weights that have not moved are taken to be moved by nothing."""
NAMES_MAX = 8


@dataclass
class _Beside:
    """A weight that belongs to neither player, and what it was when it was first looked at."""

    variable: Any
    _since: int | None = None
    _before: bytes = b""

    def since(self, updates: int) -> int:
        """Return the updates after which it was first looked at: these, if it is now."""
        if self._since is None:
            self._since, self._before = updates, _digest(self.variable)
        return self._since

    def has_moved(self) -> bool:
        """Tell whether it is another by now."""
        return self._before != _digest(self.variable)


class LeftOut:
    """Looks for them in the graphs of what is differentiated; in eager execution there is none.

    Of the discriminator its loss is searched, as far as what the generator has made: networks beside it that judge as
    well are found, too. Of the generator what it was given is: its loss goes through other networks, which are not to
    move.

    Args:
        players: Tell whose a weight is.
    """

    def __init__(self, players: KerasPlayers) -> None:
        self._players = players
        self._found: dict[Player, dict[int, _Beside] | None] = dict.fromkeys(PLAYERS)

    def differentiated(self, player: Player, target: Any, made: Sequence[Any], watched: Sequence[Any]) -> None:
        """Something was differentiated for a player.

        Args:
            player: Whose update follows.
            target: What was differentiated.
            made: What the generator has returned in this graph.
            watched: The weights that the tape has watched: those that may be trained.
        """
        if tf.executing_eagerly() or not tf.is_tensor(target):
            return
        if player == "d":
            reached = resources_of(target, ends=made)
        else:
            reached = {one for output in made if is_made_of(target, [output]) for one in resources_of(output)}
        found = self._found[player] = self._found[player] or {}
        for variable in watched:
            is_beside = variable.dtype.is_floating and self._players.owner_of(variable) is None
            if is_beside and id(getattr(variable, "handle", None)) in reached:  # a sharded one has none
                found.setdefault(id(variable), _Beside(variable))

    def card(self, player: Player, updates: int | None) -> LeftOutCard | None:
        """Return what is left out; None while that is not known.

        Args:
            player: Whose training reaches it.
            updates: Updates of the player so far; None if unknown.
        """
        found = self._found[player]
        if found is None or updates is None:
            return None
        since = [one.since(updates) for one in found.values()]
        if updates - max(since, default=0) < LEAST_UPDATES:
            return None
        still = _without_frozen([one.variable for one in found.values() if not one.has_moved()])
        reached = [*self._players.network(player).trainable_variables, *(one.variable for one in found.values())]
        numbers = sum(map(_size, still))
        names = sorted(variable.name.partition(":")[0] for variable in still)
        return LeftOutCard(
            numbers=numbers, of=sum(map(_size, reached)), unregistered=numbers, names=tuple(names[:NAMES_MAX])
        )


def _without_frozen(variables: list[Any]) -> list[Any]:
    """Leave out what is frozen: only the Keras variable around each knows, and what that is, nothing else tells."""
    if not variables:
        return []
    inside = {id(variable) for variable in variables}
    # By its type: an instance may answer for its class itself, as a module that is loaded late does.
    around = [one for one in gc.get_objects() if issubclass(type(one), keras.Variable)]
    frozen = {id(one._value) for one in around if id(one._value) in inside and not one.trainable}
    return [variable for variable in variables if id(variable) not in frozen]


def _digest(variable: Any) -> bytes:
    return blake2b(variable.numpy().tobytes(), digest_size=16).digest()


def _size(variable: Any) -> int:
    return int(np.prod(variable.shape))
