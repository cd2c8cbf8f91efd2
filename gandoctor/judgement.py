"""What the judge tells a guard: one judgement of a growing run, and when a row of them is reason enough to stop."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

SEVERITIES = ("info", "warning", "critical")
SeverityName = Literal["info", "warning", "critical"]


class DetectedFinding(BaseModel):
    """One detected finding; the fields of `rules.Finding` that a guard needs."""

    id: str
    name: str
    title: str
    severity: SeverityName
    first_step: int | None = None


class Judgement(BaseModel):
    """What the rules say of a run as far as it has come.

    Attributes:
        step: Last recorded step.
        detected: Findings detected, most severe first.
        unreadable: Why the run could not be read; nothing was judged then.
    """

    step: int = 0
    detected: list[DetectedFinding] = Field(default_factory=list)
    unreadable: str | None = None


class Patience:
    """Counts how many judgements in a row have detected the same finding.

    Only a judgement of a longer run than the one before counts; one that could not read the run starts the count anew.

    Args:
        severity: Findings below it do not count.
        patience: Judgements in a row that must detect the same finding; at least 1.
    """

    def __init__(self, severity: SeverityName, patience: int) -> None:
        self._rank = SEVERITIES.index(severity)
        self._patience = patience
        self._rows: dict[str, int] = {}
        self._step = -1

    def take(self, judgement: Judgement) -> DetectedFinding | None:
        """Count a judgement; return the finding that has run out of patience, the most severe of several."""
        if judgement.unreadable is not None:
            self._rows.clear()
            return None
        if judgement.step <= self._step:
            return None
        self._step = judgement.step
        severe = [f for f in judgement.detected if SEVERITIES.index(f.severity) >= self._rank]
        self._rows = {f.id: self._rows.get(f.id, 0) + 1 for f in severe}
        return next((f for f in severe if self._rows[f.id] >= self._patience), None)
