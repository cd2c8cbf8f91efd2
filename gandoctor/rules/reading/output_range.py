"""Whether the generator can produce the range of the data: from its layers, else from what it produced."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gandoctor.message import Message
from gandoctor.networks.output_reach import reach_of
from gandoctor.store import DataCard, Reach, Run

SLACK = 0.02
"""Share of the data's range by which values may lie outside of what the generator reaches: stray pixels."""


def output_reach(run: Run) -> Reach | None:
    """Return the values the generator can produce, None where they are not known."""
    card = run.manifest.generator
    if card is None:
        return None
    return card.reach or reach_of(card)


def missing_share(data: DataCard, reach: Reach) -> float:
    """Return how much of the data's range the generator cannot reach, as a share of that range (0: none of it)."""
    width = data.maximum - data.minimum
    if not width > 0:
        return 0.0
    below = 0.0 if reach.low is None else max(0.0, reach.low - data.minimum)
    above = 0.0 if reach.high is None else max(0.0, data.maximum - reach.high)
    return (below + above) / width


def in_words(reach: Reach) -> Message:
    """Return a reach in words, e.g. "0 to 1" or "any number from 0 up"."""
    if reach.low is None:
        if reach.high is None:
            return Message("any number")
        return Message("any number up to {high:.3g}", high=reach.high)
    if reach.high is None:
        return Message("any number from {low:.3g} up", low=reach.low)
    return Message("{low:.3g} to {high:.3g}", low=reach.low, high=reach.high)


def extreme(run: Run, name: str, pick: Callable[[np.ndarray], float]) -> float | None:
    """Return the extreme of a signal's finite values; None where there is none."""
    if name not in run:
        return None
    values = run[name].to_numpy()
    values = values[np.isfinite(values)]
    return float(pick(values)) if values.size else None
