"""GD015."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from gandoctor.store.cards import LabelCard

RULE = find_rule("GD015")
MakeRun = Callable[..., Run]


def card(classes: int, real_classes: int | None) -> LabelCard:
    return LabelCard(generator="one-hot rows", discriminator="one-hot rows", classes=classes, real_classes=real_classes)


def test_one_label_where_the_reals_have_ten_is_found(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({}, labels=card(1, 10)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert finding.evidence[0].statement.values["classes"] == 10


def test_labels_that_vary_or_a_data_set_of_one_class_are_none(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, labels=card(10, 10))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run({}, labels=card(1, 1))).status is Status.NOT_DETECTED


def test_where_labels_are_not_known_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, labels=card(1, None))).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({}, labels=None)).status is Status.NOT_EVALUATED
