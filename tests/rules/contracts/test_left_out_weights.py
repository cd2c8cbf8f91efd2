"""GD020."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import PlayerCard, Run
from gandoctor.store.player_card import LeftOutCard

RULE = find_rule("GD020")
MakeRun = Callable[..., Run]


def player(**values: Any) -> PlayerCard:
    return PlayerCard(name="d", left_out=LeftOutCard(**{"numbers": 0, "of": 10_000, **values}))


@pytest.mark.parametrize(
    ("numbers", "severity"), [(5, Severity.INFO), (400, Severity.WARNING), (6_000, Severity.CRITICAL)]
)
def test_what_is_left_out_counts_by_its_share(make_run: MakeRun, numbers: int, severity: Severity) -> None:
    finding = RULE.evaluate(make_run({}, discriminator=player(numbers=numbers, names=("embed.weight",))))
    assert (finding.status, finding.severity) == (Status.DETECTED, severity)
    assert "embed.weight" in str(finding.evidence[0].statement)


def test_layers_that_no_module_lists_are_told(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({}, generator=player(numbers=4_000, unregistered=4_000)))
    assert "4,000 of them are in no layer that the generator lists" in str(finding.evidence[0].statement)


def test_all_weights_in_an_optimizer_are_none(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, discriminator=player(), generator=player())).status is Status.NOT_DETECTED


def test_where_it_was_not_looked_at_it_is_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({}, discriminator=PlayerCard(name="d"))).status is Status.NOT_EVALUATED
