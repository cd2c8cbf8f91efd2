"""Onset: the step before which nothing was wrong with a run, and the last snapshot of it that was taken by then."""

from __future__ import annotations

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.plan import Step
from gandoctor.rules import Finding, Severity
from gandoctor.rules.reading.persistence import SPAN_STEPS
from gandoctor.rules.rule import Evidence
from gandoctor.store import Run
from gandoctor.store.snapshots import snapshots_of


def last_good_snapshot(before: Diagnosis, step: Step) -> int | None:
    """Return the step of the last snapshot before anything was found wrong; None where there is none.

    What counts is every finding above a remark, and those that a step of the plan answers.
    """
    counted = [f for f in before.detected if f.severity is not Severity.INFO or f.rule.id in step.findings]
    sound = min((_sound_until(before, finding) for finding in counted), default=0)
    return max((taken for taken in snapshots_of(before.run.path) if taken <= sound), default=None)


def _sound_until(before: Diagnosis, finding: Finding) -> int:
    """Return the last step up to which a finding speaks against nothing.

    A fact is exact, and what follows from one dates from it. Any other symptom is seen over some steps.
    """
    delay = 0 if finding.rule.is_fact or finding.rule.id in before.follows else SPAN_STEPS
    return min((_seen_before(before.run, evidence) for evidence in finding.evidence), default=0) - delay


def _seen_before(run: Run, evidence: Evidence) -> int:
    """Return the last step before an observation at which its signal was recorded: it may have begun in between."""
    if evidence.signal not in run:
        return 0
    earlier = run[evidence.signal].index
    earlier = earlier[earlier < evidence.first_step]
    return int(earlier[-1]) if len(earlier) else 0
