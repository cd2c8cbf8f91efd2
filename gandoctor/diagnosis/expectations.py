"""Expectations: what should be seen once a change has helped, and by which step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gandoctor.diagnosis.headlines import is_in_the_model
from gandoctor.message import Message, Value
from gandoctor.rules import Evidence, Finding, Severity
from gandoctor.rules.warm_up import warm_up_end
from gandoctor.store import Run


def expectation(run: Run, findings: Sequence[Finding], is_check: bool = False) -> Message:
    """Return what a change should bring about.

    Args:
        run: The run it is made to.
        findings: What it answers, the cause first. What a symptom measured is said with its limit; the others, by id.
        is_check: Whether it was a check before training, which is repeated and not trained to a step.
    """
    if is_check and findings:
        return Message("The check no longer finds {id}.", id=findings[0].rule.id)
    symptoms = [f for f in findings if not f.rule.is_fact and f.severity is not Severity.INFO]
    for finding in symptoms:
        for evidence in finding.evidence:
            if _is_measured(evidence):
                return _measured(run, finding, evidence)
    named = findings[0] if findings else None
    if named is None:
        return Message("The samples come closer to the real data.")
    if is_in_the_model(named):
        return Message("Before training: {id} is no longer found.", id=named.rule.id)
    first = named.evidence[0] if named.evidence else None
    if first is not None and not math.isfinite(first.observed):
        return Message("{signal} stays finite past step {step}.", signal=first.signal, step=first.first_step)
    return Message("By step {step}, {id} is no longer found.", step=_by(run, named), id=named.rule.id)


def _is_measured(evidence: Evidence) -> bool:
    limit = evidence.threshold
    return limit is not None and math.isfinite(limit) and math.isfinite(evidence.observed)


def _measured(run: Run, finding: Finding, evidence: Evidence) -> Message:
    limit = evidence.threshold or 0.0
    known: dict[str, Value] = {
        "step": _by(run, finding),
        "signal": evidence.signal,
        "limit": limit,
        "observed": evidence.observed,
    }
    if evidence.observed < limit:
        return Message("By step {step}, {signal} is above {limit:.3g}; this run had {observed:.3g}.", **known)
    return Message("By step {step}, {signal} is below {limit:.3g}; this run had {observed:.3g}.", **known)


def _by(run: Run, finding: Finding) -> int:
    """Return the step to look at: where this run showed the failure, once warm-up is over."""
    return max(finding.first_step or 0, warm_up_end(run))
