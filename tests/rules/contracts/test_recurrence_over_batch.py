"""GD024."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run

RULE = find_rule("GD024")
MakeRun = Callable[..., Run]


def player(kind: str, **settings: bool) -> PlayerCard:
    return PlayerCard(name="d", layers=[LayerCard(name="rnn", type=kind, path="body", settings=settings)])


def test_a_layer_that_goes_along_the_batch_is_found(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({}, discriminator=player("GRU", over_batch=True)))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert "body/rnn" in str(finding.evidence[0].statement)


def test_one_that_goes_along_time_is_none(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, discriminator=player("LSTM"))).status is Status.NOT_DETECTED


def test_networks_without_recurrent_layers_are_not_judged(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run({}, discriminator=player("Dense"))).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run({})).status is Status.NOT_EVALUATED
