"""How much of the way to generated images held-out reals have gone, by the discriminator's logits."""

from __future__ import annotations

OVERFITTED_SHARE = 0.1
"""From here a discriminator has memorised images: healthy runs had 0.00 +- 0.03, one with 64 images 0.12."""
LEAST_GAP = 0.5
"""Logits between trained-on reals and generated images below which that share means nothing."""


def overfitted_share(real: float | None, holdout: float | None, fake: float | None) -> float | None:
    """Return the share, 0 where held-out reals score like trained-on ones; None where it means nothing.

    Args:
        real: Mean logit of trained-on reals.
        holdout: Mean logit of held-out reals.
        fake: Mean logit of generated images.
    """
    if real is None or holdout is None or fake is None or not abs(real - fake) > LEAST_GAP:
        return None
    return (real - holdout) / (real - fake)
