"""Gaps: the duality gap of runs at the steps at which it was measured. It is shown and decides nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gandoctor.message import Absent, Message
from gandoctor.store import Run

DUALITY_GAP = "duality_gap"


def gaps_of(run: Run) -> dict[int, float]:
    """Return step -> gap, 0 or more, NaN where training had produced NaN; empty where none was measured."""
    if DUALITY_GAP not in run:
        return {}
    series = run[DUALITY_GAP]
    return {int(step): float(gap) for step, gap in zip(series.index.to_numpy(), series.to_numpy(), strict=True)}


def plain_gaps(run: Run) -> dict[str, float | str]:
    """Return the gaps as JSON has them; numbers that are not finite are strings."""
    return {str(step): gap if math.isfinite(gap) else str(gap) for step, gap in gaps_of(run).items()}


def why_no_gap(run: Run) -> Message | None:
    """Return why a gap that was asked for was not measured; None where it was, or nobody asked."""
    absence = run.manifest.missing.get(DUALITY_GAP)
    asked = absence is not None and (absence.code is not Absent.NOT_APPLICABLE or run.manifest.game is not None)
    return absence.message if absence is not None and asked and DUALITY_GAP not in run else None


def at_looks(gaps: Mapping[int, float], looks: Sequence[int]) -> dict[int, float]:
    """Return look -> the first gap at or after it and before the next look; looks without one are left out.

    Where several steps are made at once, a step that was asked for is passed over.
    """
    found, ordered = {}, sorted(looks)
    for look, later in zip(ordered, (*ordered[1:], None), strict=True):
        steps = [step for step in sorted(gaps) if step >= look and (later is None or step < later)]
        if steps:
            found[look] = gaps[steps[0]]
    return found
