"""GD104."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.message import Message
from gandoctor.player_names import NAMES, Player
from gandoctor.rules import Finding, Severity, Status
from gandoctor.store import PlayerCard, Run
from gandoctor.treatments import prescribe
from gandoctor.treatments.changes.spelling import typed
from support.design_cards import card, facts, judged
from support.recorded_runs import probes

MakeRun = Callable[..., Run]


def player(rate: Any, kind: str = "RMSprop") -> PlayerCard:
    return card("Dense", optimizer={} if rate is None else {"type": kind, "learning_rate": rate})


def of(make_run: MakeRun, d: PlayerCard, g: PlayerCard, signals: Any = None) -> Finding:
    return judged("GD104", make_run(signals or {}, discriminator=d, generator=g, real_count=0))


@pytest.mark.parametrize(
    ("d", "g"),
    [
        (8e-4, 4e-4),  # the article
        (2e-4, 1e-4),  # its author, later
        (2e-4, 2e-4),
        (4e-4, 1e-4),  # two time scales
        (1e-4, 1e-4),
        (5e-5, 5e-5),
        (8e-4, 1e-2),  # 25 times the article's: the best digits of the first runs
    ],
)
def test_rates_in_use(make_run: MakeRun, d: float, g: float) -> None:
    assert of(make_run, player(d), player(g)).status is Status.NOT_DETECTED
    signals = {"d_learning_rate": probes(d), "g_learning_rate": probes(g)}
    assert of(make_run, player(d), player(g), signals).status is Status.NOT_DETECTED


@pytest.mark.parametrize(
    ("d", "g", "faster", "times"),
    [(8e-3, 4e-4, "d", 20.0), (1e-5, 1e-3, "g", 100.0), (8e-2, 4e-4, "d", 200.0)],
)
def test_far_apart(make_run: MakeRun, d: float, g: float, faster: Player, times: float) -> None:
    finding = of(make_run, player(d, "Adam"), player(g, "RMSprop"))
    assert finding.severity is Severity.WARNING
    evidence = finding.evidence[-1]
    assert evidence.statement.facts["times"] == pytest.approx(times)
    fast, slow = max(d, g), min(d, g)
    limit = {"d": 10, "g": 50}[faster]
    assert (evidence.observed, evidence.threshold) == pytest.approx((fast, limit * slow))
    other = {"d": "generator", "g": "discriminator"}[faster]
    assert str(evidence.threshold_is) == f"{limit} times the {other}'s rate"
    first = evidence.statement.values.get("first", evidence.statement)
    assert isinstance(first, Message)
    assert str(first) == (
        f"The learning rates are {typed(d)} for the discriminator and {typed(g)} for the generator: the "
        f"{NAMES[faster]}'s is {times:g} times the other."
    )
    assert {evidence.signal for evidence in finding.evidence} == {"model_card"}
    assert (finding.first_step, finding.last_step) == (0, 0)


def test_a_mistyped_exponent(make_run: MakeRun) -> None:
    finding = of(make_run, player(8e-4), player(1e-7))
    assert finding.severity is Severity.WARNING
    assert str(finding.evidence[0].statement) == (
        "The generator's learning rate is 1e-7, below 1e-6, the lowest usual one for RMSprop."
    )
    assert finding.causes[0].id == "learning-rate-mistyped"
    assert [e.threshold for e in of(make_run, player(0.5), player(0.1)).evidence] == [0.05, 0.05]
    assert of(make_run, player(0.1, "SGD"), player(0.1, "SGD")).status is Status.NOT_DETECTED


def test_one_that_begins_mid_run_and_one_that_is_over(make_run: MakeRun) -> None:
    steady = {"g_learning_rate": probes(4e-4)}
    rates = {"d_learning_rate": probes(lambda s: 8e-3 if s >= 400 else 8e-4)}
    finding = of(make_run, player(8e-4), player(4e-4), steady | rates)
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert finding.evidence[0].signal == "d_learning_rate"
    over = {"d_learning_rate": probes(lambda s: 8e-3 if s < 400 else 8e-4)}
    finding = of(make_run, player(8e-4), player(4e-4), steady | over)
    assert (finding.first_step, finding.last_step) == (20, 380)
    assert facts(finding)["step"] == 380


def test_whether_the_generators_step_moves_the_discriminator_is_said_first(make_run: MakeRun) -> None:
    def told(signals: Any) -> str:
        return str(of(make_run, player(8e-3), player(4e-4), signals).evidence[0].statement.values["then"])

    assert told({}) == "Whether the generator's step also moves the discriminator is not known."
    assert told({"d_update_in_g_step": probes(0.1)}) == (
        "The generator's step also moves the discriminator (GD004) and pulls it backwards: with that leak its own rate "
        "has to be the larger one, but not by so much."
    )
    assert told({"d_update_in_g_step": probes(0.0)}) == (
        "The generator's step does not move the discriminator, so nothing calls for a larger rate there."
    )


def test_optimizers_of_two_kinds_are_not_compared(make_run: MakeRun) -> None:
    finding = of(make_run, player(0.1, "SGD"), player(2e-4, "Adam"))
    assert finding.status is Status.NOT_EVALUATED
    assert facts(finding) == {"d_optimizer": "SGD", "g_optimizer": "Adam"}
    assert of(make_run, player(0.1, "SGD"), player(1e-8, "Adam")).status is Status.DETECTED
    assert of(make_run, player(1e-2, "Mine"), player(1e-4, "Mine")).status is Status.NOT_EVALUATED


def test_look_alike_a_rate_of_zero_is_another_rules(make_run: MakeRun) -> None:
    assert of(make_run, player(0.0), player(4e-4)).status is Status.NOT_DETECTED


def test_not_evaluated(make_run: MakeRun) -> None:
    none = of(make_run, player(None), player(None))
    assert str(none.reason) == "No optimizer with a readable learning rate was found."
    one = of(make_run, player(8e-4), player(None))
    assert str(one.reason) == "The learning rate of the generator is not known."
    assert of(make_run, player("x"), player(float("nan"))).status is Status.NOT_EVALUATED


def test_what_to_change_first_depends_on_the_cause(make_run: MakeRun) -> None:
    finding = of(make_run, player(8e-3), player(4e-4))
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(finding.rule.treatments, causes)[0].id == "lower-discriminator-learning-rate"
