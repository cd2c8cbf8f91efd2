"""Choosing among a rule's treatments: those that cure the likeliest cause first."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gandoctor.treatments.registry import TREATMENTS
from gandoctor.treatments.treatment import Framework, Treatment

UNDECIDED = 0.3
"""Rank of a treatment that none of the finding's causes speaks for or against."""


def prescribe(
    ids: Sequence[str],
    causes: Mapping[str, float],
    settings: Mapping[str, Any] | None = None,
    ruled_out: Collection[str] = (),
    framework: Framework = "keras",
) -> tuple[Treatment, ...]:
    """Order a rule's treatments for one run.

    Args:
        ids: The rule's treatments, best first where nothing is known of the causes.
        causes: Cause id -> score of this finding's hypotheses.
        settings: The run's settings as nested mappings, where the target declared them; relative changes ("double
            it") become absolute, and a treatment whose settings are all in force is left out unless the evidence
            speaks for its cause all the same.
        ruled_out: Ids of the causes that the run speaks against. A treatment that cures nothing else of what was
            considered is left out.
        framework: The run's, whose words and code are shown.
    """
    ranked = []
    for treatment in (TREATMENTS[i] for i in ids):
        considered = [c for c in treatment.cures if c in causes or c in ruled_out]
        if considered and all(c in ruled_out for c in considered):
            continue
        rank = max((causes[c] for c in treatment.cures if c in causes), default=UNDECIDED)
        in_force = treatment.patch and all(_setting(settings, key) == v for key, v in treatment.patch.items())
        if in_force and rank <= UNDECIDED:
            continue
        relative = {key: value * factor for key, factor in treatment.scale.items() if (value := _number(settings, key))}
        ranked.append((rank, replace(treatment.of(framework), patch={**relative, **treatment.patch})))
    return tuple(treatment for _, treatment in sorted(ranked, key=lambda pair: -pair[0]))


def _setting(settings: Mapping[str, Any] | None, key: str) -> Any:
    value: Any = settings
    for part in key.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _number(settings: Mapping[str, Any] | None, key: str) -> float | None:
    value = _setting(settings, key)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
