"""GD413, on runs in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Manifest
from gandoctor.store.cards import LabelCard, PairCard
from gandoctor.store.run import Run

RULE = find_rule("GD413")
STEPS = range(25, 1001, 25)
PAIRS = PairCard(count=288, told=0.8, shown_to_discriminator=False)


def judged(
    tie: Any,
    pairs: PairCard | None = PAIRS,
    *,
    labels: LabelCard | None = None,
    without: str = "",
    last: int = 1000,
    **more: dict[int, float],
) -> Finding:
    """Judge a run of 1000 steps: tie is a number or a function of the step; 0.05 comes by chance."""
    steps = [step for step in STEPS if step <= last]
    signals: dict[str, Any] = {
        "sample_pair_tie": {step: tie(step) if callable(tie) else tie for step in steps},
        "sample_pair_chance": dict.fromkeys(steps, 0.05),
        **more,
    }
    signals.pop(without, None)
    return RULE.evaluate(Run.from_signals(signals, Manifest(planned_steps=1000, pairs=pairs, labels=labels)))


def test_samples_that_have_nothing_to_do_with_their_inputs() -> None:
    finding = judged(0.01)
    assert finding.severity is Severity.CRITICAL
    (evidence,) = finding.evidence
    assert (evidence.observed, evidence.threshold) == pytest.approx((0.01, 0.4))
    assert (evidence.first_step, evidence.last_step) == (225, 1000)
    assert [(cause.id, cause.score) for cause in finding.causes] == [("nothing-ties-output", 0.8)]


def test_samples_that_follow_half_as_far_as_a_line_does() -> None:
    assert judged(0.3).severity is Severity.WARNING
    assert judged(0.5).status is Status.NOT_DETECTED
    assert judged(0.95).status is Status.NOT_DETECTED


def test_a_discriminator_that_is_shown_the_input_might_have_asked() -> None:
    shown = PAIRS.model_copy(update={"shown_to_discriminator": True})
    unknown = PAIRS.model_copy(update={"shown_to_discriminator": None})
    scores = [judged(0.01, card).causes[0].score for card in (PAIRS, unknown, shown)]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 3


def test_inputs_that_tell_little_make_no_failure() -> None:
    """A tenth of the variance is foretold: none of it is a warning, and some of it is enough."""
    little = PairCard(count=288, told=0.12)
    assert judged(0.01, little).severity is Severity.WARNING
    assert judged(0.1, little).status is Status.NOT_DETECTED


def test_what_is_being_learnt_is_a_remark() -> None:
    assert judged(lambda step: 0.35 * step / 1000).severity is Severity.INFO, "it rises by 0.07 in 200 steps"
    assert judged(lambda step: 0.3 * min(step, 600) / 600).severity is Severity.WARNING, "it has stopped to"
    early = judged(lambda step: 0.01 if step < 450 else 0.9)
    assert early.status is Status.NOT_DETECTED
    assert judged(0.01, last=475).status is Status.NOT_EVALUATED, "warm-up"


def test_samples_that_improve_as_a_whole_come_no_nearer_to_their_partners() -> None:
    improving = {int(step): float(np.exp(-step / 300)) for step in STEPS}
    assert judged(0.01, sample_kid=improving).severity is Severity.WARNING
    assert judged(0.3, sample_kid=improving).severity is Severity.INFO


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert judged(0.01, None).status is Status.NOT_EVALUATED
    assert judged(0.01, labels=LabelCard(generator="one-hot rows", classes=10)).status is Status.NOT_EVALUATED
    for name in ("sample_pair_tie", "sample_pair_chance"):
        assert judged(0.01, without=name).status is Status.NOT_EVALUATED
