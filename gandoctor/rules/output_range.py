"""Whether the generator can produce the range of the data: from its layers, else from what it produced."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gandoctor.measures.output_reach import reach_of
from gandoctor.rules.rule import Cause
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


def in_words(reach: Reach) -> str:
    """Return a reach in words, e.g. "0 to 1" or "any number from 0 up"."""
    if reach.low is None:
        return "any number" if reach.high is None else f"any number up to {reach.high:g}"
    return f"any number from {reach.low:g} up" if reach.high is None else f"{reach.low:g} to {reach.high:g}"


def range_mismatch(run: Run) -> Cause:
    """Return the hypothesis that the data lie outside what the generator can produce, scored by what the run shows."""
    title = "The generator cannot produce the range of the data"
    test = "Compare the data's range with what the generator's last activation can reach. This run: "
    data, reach = run.manifest.data, output_reach(run)
    if data is None:
        return Cause("range-mismatch", title, 0.25, test + "the data's range was not recorded.")
    shown = f"data in {data.minimum:g} .. {data.maximum:g}"
    if reach is not None:
        short = missing_share(data, reach) > SLACK
        shown += f", the generator reaches {in_words(reach)}."
        return Cause("range-mismatch", title, 0.9 if short else 0.02, test + shown)
    low, high = extreme(run, "sample_min", np.min), extreme(run, "sample_max", np.max)
    if low is None or high is None:
        return Cause("range-mismatch", title, 0.25, f"{test}{shown}; samples were not recorded.")
    slack = 5 * SLACK * (data.maximum - data.minimum)
    short = low > data.minimum + slack or high < data.maximum - slack
    shown += f", samples never left {low:.3g} .. {high:.3g}."
    return Cause("range-mismatch", title, 0.6 if short else 0.05, test + shown)


def extreme(run: Run, name: str, pick: Callable[[np.ndarray], float]) -> float | None:
    """Return the extreme of a signal's finite values; None where there is none."""
    if name not in run:
        return None
    values = run[name].to_numpy()
    values = values[np.isfinite(values)]
    return float(pick(values)) if values.size else None
