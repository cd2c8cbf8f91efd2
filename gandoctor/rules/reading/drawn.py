"""What the program itself was seen to sample."""

from __future__ import annotations

from gandoctor.store import Run
from gandoctor.store.cards import DrawnCard

FEW = 8
"""Samples a call up to which the batch is too small for its statistics."""
HALF = 0.5
"""Spread over that of the generator's own samples, below which they lost what tells them apart. Judgement."""


def drawn_cards(run: Run) -> tuple[DrawnCard, ...]:
    """Return what is known of samples that the program made outside of the training steps."""
    return run.manifest.drawn


def is_one_by_one(card: DrawnCard) -> bool:
    """Tell whether samples lost their variety since each was normalised by itself, or among a few."""
    is_small = bool(card.training) and card.normalised and card.at_a_time <= FEW
    return is_small and card.spread is not None and card.spread < HALF
