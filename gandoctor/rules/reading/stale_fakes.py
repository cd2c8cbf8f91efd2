"""Stale fakes: whether the discriminator's step judges what the generator makes, or the same images each time.

Shared by stale-fakes (GD027) and conflicting-objectives (GD008): losses bound each other only where both players are
shown the same images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gandoctor.message import Message
from gandoctor.rules.rule import NotEvaluated
from gandoctor.store import Run

if TYPE_CHECKING:
    import pandas as pd

SIGNAL = "stale_fake_share"
_FRESH = "fake_score_pull_in_d_step"
MOSTLY = 0.9
"""Share of the steps that were looked at from which fakes count as stale. The first may be otherwise."""


def looked_at(run: Run) -> pd.Series[float] | None:
    """Return which share of the fakes were judged before, step by step; None where they were made anew.

    Raises:
        NotEvaluated: Neither was seen.
    """
    if SIGNAL in run:
        shares = run[SIGNAL].dropna()
        fresh = len(run[_FRESH].dropna()) if _FRESH in run else 0
        return shares if len(shares) > fresh else None
    if _FRESH in run:
        return None
    raise NotEvaluated(Message("What the discriminator's step judges beside the real images was not seen."))


def are_stale(run: Run) -> bool:
    """Tell whether nearly all steps that were looked at show the discriminator fakes of before; False if unknown."""
    try:
        shares = looked_at(run)
    except NotEvaluated:
        return False
    return shares is not None and len(shares) > 1 and bool((shares >= 1.0).mean() >= MOSTLY)
