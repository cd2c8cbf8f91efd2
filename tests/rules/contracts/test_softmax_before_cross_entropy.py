"""GD021."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Status, find_rule
from gandoctor.store import Run
from gandoctor.store.cards import LossCallCard

RULE = find_rule("GD021")
MakeRun = Callable[..., Run]


def card(given: str, calls: int | None = 40) -> LossCallCard:
    return LossCallCard(given=given, calls=calls)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "calls", "words"),
    [("cross_entropy", 40, "logits"), ("nll_loss", 5, "logarithms"), ("cross_entropy", None, "traced step")],
)
def test_probabilities_are_found(make_run: MakeRun, name: str, calls: int | None, words: str) -> None:
    finding = RULE.evaluate(make_run({}, loss_calls={name: card("probabilities", calls)}))
    assert finding.status is Status.DETECTED
    assert words in str(finding.evidence[0].statement)


def test_other_values_or_too_few_calls_are_none(make_run: MakeRun) -> None:
    cards = {"cross_entropy": card("any"), "nll_loss": card("log-probabilities")}
    assert RULE.evaluate(make_run({}, loss_calls=cards)).status is Status.NOT_DETECTED
    few = {"cross_entropy": card("probabilities", 4)}
    assert RULE.evaluate(make_run({}, loss_calls=few)).status is Status.NOT_DETECTED


def test_a_gan_without_classes_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
