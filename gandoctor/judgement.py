"""Judgement: the findings of a growing run, passed from the judge to a guard. Patience decides when to stop."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

SEVERITIES = ("info", "warning", "critical")
SeverityName = Literal["info", "warning", "critical"]


class DetectedFinding(BaseModel):
    """One detected finding, with the fields of `rules.Finding` that a guard needs."""

    id: str
    name: str
    title: str
    severity: SeverityName
    first_step: int | None = None


class Judgement(BaseModel):
    """The findings of a run up to its last recorded step.

    Attributes:
        step: Last recorded step.
        detected: Detected findings, most severe first.
        unreadable: Why the run could not be read, or None. An unreadable run has no findings.
    """

    step: int = 0
    detected: list[DetectedFinding] = Field(default_factory=list)
    unreadable: str | None = None


class Patience:
    """Counts how many judgements in a row have detected the same finding.

    A judgement counts only if the run has grown since the last one. An unreadable run resets all counts.

    Args:
        severity: Lowest severity that counts.
        patience: Number of judgements in a row that must detect the same finding; at least 1.
    """

    def __init__(self, severity: SeverityName, patience: int) -> None:
        self._rank = SEVERITIES.index(severity)
        self._patience = patience
        self._counts: dict[str, int] = {}
        self._step = -1

    def take(self, judgement: Judgement) -> DetectedFinding | None:
        """Count a judgement; return the most severe finding that has reached the patience, or None."""
        if judgement.unreadable is not None:
            self._counts.clear()
            return None
        if judgement.step <= self._step:
            return None
        self._step = judgement.step
        severe = [f for f in judgement.detected if SEVERITIES.index(f.severity) >= self._rank]
        self._counts = {f.id: self._counts.get(f.id, 0) + 1 for f in severe}
        return next((f for f in severe if self._counts[f.id] >= self._patience), None)
