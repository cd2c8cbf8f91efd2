"""GD019."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from gandoctor.store.cards import DrawnCard, LabelCard

RULE = find_rule("GD019")
MakeRun = Callable[..., Run]


def card(**values: Any) -> LabelCard:
    own = {"generator": "one-hot rows", "classes": 10, "places": 10, "seen": 288, "real_classes": 10}
    return LabelCard(**{**own, **values})


def drawn(labels: str | None) -> tuple[DrawnCard, ...]:
    return (DrawnCard(network="generator", step=400, count=64, at_a_time=64, labels=labels),)  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", ["strange", "unknown"])
def test_labels_of_samples_that_training_never_gives_are_found(make_run: MakeRun, labels: str) -> None:
    finding = RULE.evaluate(make_run({}, labels=card(), drawn=drawn(labels)))
    assert (finding.status, finding.severity, finding.first_step) == (Status.DETECTED, Severity.WARNING, 400)


def test_a_class_of_the_reals_that_the_generator_is_never_given_is_found(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({}, labels=card(classes=9)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.WARNING)


def test_room_for_a_class_that_nobody_asks_for_is_a_remark(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({}, labels=card(classes=9, real_classes=None), drawn=drawn(None)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.INFO)


def test_all_classes_are_none(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, labels=card(), drawn=drawn(None))).status is Status.NOT_DETECTED


def test_too_few_labels_say_nothing_of_a_missing_one(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, labels=card(classes=9, seen=40))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run({}, labels=card(classes=9, seen=None))).status is Status.NOT_DETECTED


def test_without_labels_or_with_one_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, labels=None)).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({}, labels=card(classes=1))).status is Status.NOT_EVALUATED
