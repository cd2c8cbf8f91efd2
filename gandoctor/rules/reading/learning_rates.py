"""Learning rates: which are usual, and how they are said."""

from __future__ import annotations

from collections.abc import Mapping

from gandoctor.message import Message
from gandoctor.player_names import NAMES, Player

LOWEST_RATE, HIGHEST_RATE = 1e-6, 5e-2
"""Usual learning rates of an optimizer that divides by the gradient's size: two and a half decades below and above
2e-4, the most usual one; 1e-2 did no harm in one run. Judgement."""


def shown_rates(rates: Mapping[Player, float]) -> Message:
    """Return the players' learning rates as a clause; at least one must be known."""
    shown = tuple(Message("{rate:.2t} for the {player}", rate=rates[p], player=NAMES[p]) for p in rates)
    return Message("the learning rate is {rates}", rates=shown)
