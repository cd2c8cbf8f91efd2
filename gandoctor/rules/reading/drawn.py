"""What the program itself was seen to sample."""

from __future__ import annotations

from gandoctor.store import Run
from gandoctor.store.cards import DrawnCard

FEW = 8
"""Samples a call up to which the batch is too small for its statistics."""
HALF = 0.5
"""Spread over that of the generator's own samples, below which they lost what tells them apart. Judgement."""

TIMES = 2.0
"""Distance from the data over that of the generator's own samples, from which they went away. Judgement."""
NEAR = 0.03
"""Distance that 64 samples of the very data have at most."""


def drawn_cards(run: Run) -> tuple[DrawnCard, ...]:
    """Return what is known of samples that the program made outside of the training steps."""
    return run.manifest.drawn


def is_one_by_one(run: Run, card: DrawnCard) -> bool:
    """Tell whether samples lost their variety, or went away from the data, as each was normalised among a few or alone.

    Not where training makes as few at a time.
    """
    latent = run.manifest.latent
    are_few_in_training = latent is not None and latent.at_a_time is not None and latent.at_a_time <= FEW
    if not (card.training and card.normalised and card.at_a_time <= FEW) or are_few_in_training or card.spread is None:
        return False
    if card.spread < HALF or card.distance is None or card.own_distance is None:
        return card.spread < HALF
    return card.distance > TIMES * max(card.own_distance, NEAR)
