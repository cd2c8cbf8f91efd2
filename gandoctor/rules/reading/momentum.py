"""The momentum of a player's optimizer."""

from __future__ import annotations

from gandoctor.store import PlayerCard


def momentum_of(card: PlayerCard | None) -> float | None:
    """Return Adam's beta_1 or the momentum of another optimizer, from 0 to 1; None where neither is known."""
    if card is None or not card.optimizer:
        return None
    for name in ("beta_1", "momentum"):
        value = card.optimizer.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
