"""The values that sample statistics have on real images: the standard of the rules in this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gandoctor.message import Message
from gandoctor.rules.rule import NotEvaluated
from gandoctor.store import Run

if TYPE_CHECKING:
    from gandoctor.measures import Band


def real_bands(run: Run, *signals: str) -> dict[str, Band]:
    """Return the real-vs-real null of a run.

    Raises:
        NotEvaluated: It lacks one of the signals.
    """
    from gandoctor.measures import null_bands

    bands = null_bands(run)
    if any(name not in bands for name in signals):
        raise NotEvaluated(Message("Too few real images were stored to know what is normal for this data."))
    return bands


def sample_count(run: Run) -> int:
    """Return how many images a probe of the run generates."""
    from gandoctor.measures.null import DEFAULT_SAMPLE_COUNT

    return int(run.manifest.cadence.get("sample_count", DEFAULT_SAMPLE_COUNT))
