"""GD412, on runs in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Manifest
from gandoctor.store.cards import LabelCard
from gandoctor.store.run import Run

RULE = find_rule("GD412")
STEPS = range(25, 1001, 25)
BLIND = LabelCard(generator="one-hot rows", discriminator="none", classes=10)
SEEN = LabelCard(
    generator="one-hot rows", discriminator="one-hot planes", classes=10, agreement=1.0, real_visibility=1.0
)


def judged(
    shares: dict[int, float] | float,
    card: LabelCard | None = BLIND,
    *,
    without: str = "",
    last: int = 1000,
    **more: float,
) -> Finding:
    """Judge a run of 1000 steps whose labels account for so much of the samples, where 0.03 comes by chance."""
    steps = [step for step in STEPS if step <= last]
    share = {s: shares[max(k for k in shares if k <= s)] if isinstance(shares, dict) else shares for s in steps}
    signals: dict[str, Any] = {
        "sample_label_share": share,
        "sample_label_chance": dict.fromkeys(steps, 0.03),
        **{name: dict.fromkeys(steps, value) for name, value in more.items()},
    }
    signals.pop(without, None)
    return RULE.evaluate(Run.from_signals(signals, Manifest(planned_steps=1000, labels=card)))


def test_labels_that_the_discriminator_never_sees_are_ignored() -> None:
    finding = judged(0.004, sample_label_effect=0.02)
    assert finding.severity is Severity.WARNING
    (evidence,) = finding.evidence
    assert (evidence.observed, evidence.threshold) == pytest.approx((0.004, 0.03))
    assert (evidence.first_step, evidence.last_step) == (225, 1000)
    assert finding.causes[0].id == "discriminator-sees-no-labels"
    assert finding.causes[0].score > 0.9 > 0.1 > max(cause.score for cause in finding.causes[1:])


def test_labels_that_show_are_not_ignored() -> None:
    assert judged(0.1, SEEN).status is Status.NOT_DETECTED
    assert judged(0.1, BLIND).status is Status.NOT_DETECTED, "an auxiliary classifier may have taught them"


def test_a_young_generator_that_shows_them_later_is_healthy() -> None:
    assert judged({25: 0.01, 400: 0.1}, SEEN).status is Status.NOT_DETECTED
    assert judged(0.01, SEEN, last=475).status is Status.NOT_EVALUATED, "warm-up"
    outgrown = judged({25: 0.01, 650: 0.1}, SEEN)
    assert outgrown.severity is Severity.INFO


def test_while_samples_improve_it_is_a_remark_if_the_discriminator_sees_labels() -> None:
    steps = np.array(STEPS)
    signals = {
        "sample_label_share": dict.fromkeys(STEPS, 0.01),
        "sample_label_chance": dict.fromkeys(STEPS, 0.03),
        "sample_kid": {int(s): float(np.exp(-s / 300)) for s in steps},
    }
    for card, severity in ((SEEN, Severity.INFO), (BLIND, Severity.WARNING)):
        run = Run.from_signals(signals, Manifest(planned_steps=1000, labels=card))
        assert RULE.evaluate(run).severity is severity


def test_labels_that_the_discriminator_does_not_read_are_ignored_whatever_the_images_show() -> None:
    hardly_shown = SEEN.model_copy(update={"real_visibility": 0.5})
    finding = judged(0.004, hardly_shown, d_label_effect=0.5)
    assert finding.severity is Severity.WARNING
    assert "does not read its labels" in str(finding.evidence[0].statement)
    assert (finding.causes[0].id, finding.causes[0].score) == ("discriminator-disregards-labels", 0.95)
    assert judged(0.004, hardly_shown, d_label_effect=0.503).status is Status.NOT_EVALUATED, "it reads them"


def test_labels_that_real_images_do_not_show_are_a_remark_and_ones_they_hardly_show_are_not_judged() -> None:
    shuffled = judged(0.01, SEEN.model_copy(update={"real_visibility": 0.05}))
    assert shuffled.severity is Severity.INFO
    assert shuffled.causes[0].id == "labels-shuffled-apart"
    for wins, severity in ((0.51, Severity.WARNING), (0.9, Severity.INFO)):
        finding = judged(0.01, SEEN.model_copy(update={"real_visibility": 0.05}), d_label_effect=wins)
        assert finding.severity is severity, "whether the discriminator finds a use in them"
    assert judged(0.01, SEEN.model_copy(update={"real_visibility": 0.6})).status is Status.NOT_EVALUATED
    unknown = SEEN.model_copy(update={"real_visibility": None, "discriminator": None})
    assert judged(0.01, unknown).status is Status.NOT_EVALUATED


@pytest.mark.parametrize(
    ("cause", "update", "more"),
    [
        ("labels-differ-between-players", {"agreement": 0.2}, {"d_label_effect": 0.9}),
        ("discriminator-disregards-labels", {}, {"d_label_effect": 0.51}),
        ("label-not-connected", {}, {"d_label_effect": 0.9, "sample_label_effect": 0.0}),
        ("class-number-as-quantity", {"generator": "class numbers", "generator_beside": True}, {"d_label_effect": 0.9}),
    ],
)
def test_the_cause_that_the_run_shows_comes_first(cause: str, update: dict[str, Any], more: dict[str, float]) -> None:
    finding = judged(0.0, SEEN.model_copy(update=update), **{"sample_label_effect": 0.02, **more})
    assert finding.causes[0].id == cause


@pytest.mark.parametrize("missing", ["sample_label_share", "sample_label_chance"])
def test_not_evaluated_without_its_signals(missing: str) -> None:
    assert judged(0.0, without=missing).status is Status.NOT_EVALUATED


def test_not_evaluated_without_a_card_of_labels() -> None:
    assert judged(0.0, None).status is Status.NOT_EVALUATED
