"""Asked: whether the loss that moves the generator is computed by the discriminator at all, in a traced step."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.backends.keras_networks.players import KerasPlayers
from gandoctor.backends.tensorflow.discovery.flow import resources_of
from gandoctor.player_names import Player
from gandoctor.store.player_card import AskedCard


class Asked:
    """Looks for the discriminator's weights behind what is differentiated for the generator.

    One trace stands for all of its steps. Where several are seen, one that asks is enough: they may take turns.

    Args:
        players: Tell whose a weight is.
    """

    def __init__(self, players: KerasPlayers) -> None:
        self._players = players
        self._card: AskedCard | None = None

    def differentiated(self, phase: Player, target: Any) -> None:
        """Something was differentiated for a player."""
        if phase != "g" or tf.executing_eagerly() or not tf.is_tensor(target):
            return
        if self._card is not None and self._card.is_asked:
            return
        weights = self._players.network("d").variables
        handles = {id(handle) for v in weights if (handle := getattr(v.value, "handle", None)) is not None}
        if handles:
            self._card = AskedCard(is_asked=bool(resources_of(target) & handles), is_traced=True, looks=1)

    def card(self) -> AskedCard | None:
        """Return what the traces have shown; None where none was seen."""
        return self._card
