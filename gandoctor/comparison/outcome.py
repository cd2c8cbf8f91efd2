"""Outcome: what a change did to a training, by the findings and by the quality of the samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.rules import Finding, Severity
from gandoctor.store import Run

Outcome = Literal["cured", "improved", "no change", "worse", "not applied"]
QUALITY = ("feature_distance", "sample_class_kid", "sample_kid", "sample_marginal_worst")
"""Signals of quality, less is better; the first that both runs have decides."""
LATE_SHARE = 0.25
"""Share of the run whose median quality is compared."""
RATIO = 1.5
"""Quality that counts as another: one training is one draw, and seeds of the reference model differ by up to a third
in their late quality. Judgement."""


@dataclass(frozen=True)
class Comparison:
    """One training beside another that differs by a change.

    Attributes:
        outcome: "cured": what the change was to answer is gone, and nothing is left or new above a remark. "improved":
            that is gone, or the samples are clearly better and not one finding has come without another's going, and
            something is left. "worse": a finding that is as severe as any before is new, or the samples are clearly
            worse and nothing is gone.
        gone: Ids of the findings above a remark that the first has and the second has not.
        new: The reverse.
        signal: The quality that was compared; None where neither has one.
        before, after: Its late medians.
    """

    outcome: Outcome
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    signal: str | None = None
    before: float | None = None
    after: float | None = None

    @property
    def ratio(self) -> float | None:
        """Quality after over quality before, less is better; None where it has no meaning."""
        if self.before is None or self.after is None or not (self.before > 0 and self.after > 0):
            return None
        return self.after / self.before

    def to_plain(self) -> dict[str, Any]:
        """Return the comparison as JSON has it."""
        return {
            "outcome": self.outcome,
            "gone": list(self.gone),
            "new": list(self.new),
            "quality": self.signal,
            "before": self.before,
            "after": self.after,
        }


def compared(before: Diagnosis, after: Diagnosis, answers: Iterable[str]) -> Comparison:
    """Compare two trainings.

    Args:
        before: Of the training as it was.
        after: Of the one with the change.
        answers: Ids of the findings that the change is to answer.
    """
    had, has = _severities(before.detected), _severities(after.detected)
    gone, new = tuple(sorted(had.keys() - has.keys())), tuple(sorted(has.keys() - had.keys()))
    answered = {i for i in answers if i in had}
    signal, was, now = _qualities(before.run, after.run)
    better = was is not None and now is not None and now * RATIO < was
    spoiled = was is not None and now is not None and (now > was * RATIO or not np.isfinite(now))
    worst = max((severity.rank for severity in had.values()), default=0)
    is_answered = bool(answered) and answered <= set(gone)
    outcome: Outcome = "no change"
    if any(has[i].rank >= worst for i in new) or (spoiled and not gone):
        outcome = "worse"
    elif is_answered and not has:
        outcome = "cured"
    elif is_answered or (better and (gone or not new)):
        outcome = "improved"
    if outcome == "cured" and after.verdict == "inconclusive" and before.verdict != "inconclusive":
        outcome = "improved"  # nothing is found, but too little was seen to call it well
    return Comparison(outcome, gone, new, signal, was, now)


def _severities(findings: Iterable[Finding]) -> dict[str, Severity]:
    return {f.rule.id: f.severity for f in findings if f.severity is not Severity.INFO}


def _qualities(before: Run, after: Run) -> tuple[str | None, float | None, float | None]:
    """Return the signal of quality that both have, and its median late in the steps that both have reached."""
    last = min(before.last_step, after.last_step)
    for name in QUALITY:
        if name in before and name in after:
            both = [late_quality(run, name, last) for run in (before, after)]
            if all(value is not None for value in both):
                return name, both[0], both[1]
    return None, None, None


def late_quality(run: Run, name: str, last: int) -> float | None:
    """Return the median of a quality in the last quarter of the steps up to `last`; None where it has none there."""
    if name not in run:
        return None
    values = run[name].loc[(1.0 - LATE_SHARE) * last : last].dropna()
    return float(values.median()) if len(values) else None
