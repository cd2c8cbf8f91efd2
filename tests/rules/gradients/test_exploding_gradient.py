"""GD202."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.hypothesis import NOT_RECORDED
from gandoctor.store import PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD202")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def norms(d: float | Callable[[int], float], g: float | Callable[[int], float] = 4.0) -> Signals:
    return healthy() | {"d_grad_norm": every_step(d), "g_grad_norm": every_step(g), "d_update_ratio": probes(3e-3)}


def clipping(value: float | None, parameters: int = 10_000) -> PlayerCard:
    return PlayerCard(
        name="discriminator", parameters=parameters, optimizer={"type": "RMSprop", "clipvalue": value, "clipnorm": None}
    )


@pytest.mark.parametrize("times", [30.0, 1e4, 1e30])
def test_a_jump_is_found_and_stays_found(make_run: MakeRun, times: float) -> None:
    """Also after the 200 steps in which the new level would have become the usual one."""
    finding = RULE.evaluate(make_run(norms(lambda s: 2.0 * (times if s >= 400 else 1.0))))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    (evidence,) = finding.evidence
    assert evidence.signal == "d_grad_norm"
    assert (evidence.first_step, evidence.last_step) == (400, 1000)
    assert evidence.threshold == pytest.approx(20.0)
    assert str(evidence.statement.values["then"]) == (
        "Its updates move its weights by 0.003 of their size: the optimizer divides the growth away."
    )


def test_growth_step_by_step(make_run: MakeRun) -> None:
    """Doubling every 20 steps is more than ten times in 200."""
    finding = RULE.evaluate(make_run(norms(0.5, lambda s: 4.0 * 2.0 ** max(0.0, (s - 500) / 20))))
    (evidence,) = finding.evidence
    assert evidence.signal == "g_grad_norm"
    assert 560 <= evidence.first_step <= 620
    assert evidence.last_step == 1000


def test_both_players(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(norms(*[lambda s: 1e4 if s >= 400 else 1.0] * 2)))
    assert [e.signal for e in finding.evidence] == ["d_grad_norm", "g_grad_norm"]


def test_healthy_and_look_alikes(make_run: MakeRun) -> None:
    constant = norms(0.5)
    spike = norms(lambda s: 1e6 if s in (500, 700, 701) else 0.5)
    critic = norms(lambda s: 400.0 + s % 7)  # a Wasserstein critic's, far above any fixed limit
    slow = norms(lambda s: 2.0 * 6.0 ** (s / 400))  # as a healthy discriminator's: sixfold in 400 steps
    quiet_time = norms(lambda s: 1e-3 if 40 < s < 160 else 2.0)
    declining = norms(lambda s: 1e3 / s)
    for signals in (constant, spike, critic, slow, quiet_time, declining):
        assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_graded_by_harm(make_run: MakeRun) -> None:
    jump = norms(lambda s: 1e4 if s >= 400 else 2.0)
    large = RULE.evaluate(make_run(jump | {"d_update_ratio": probes(lambda s: 0.5 if s >= 400 else 3e-3)}))
    assert large.severity is Severity.CRITICAL
    assert large.evidence[0].statement.facts["update"] == 0.5
    broken = RULE.evaluate(make_run(jump | {"d_grad_norm": jump["d_grad_norm"] | {1000: math.inf}}))
    assert broken.severity is Severity.CRITICAL
    assert broken.evidence[0].statement.facts["step"] == 1000
    improving = RULE.evaluate(make_run(jump | {"sample_kid": probes(lambda s: 1.0 - s / 1100)}))
    assert improving.severity is Severity.INFO
    ended = RULE.evaluate(make_run(norms(lambda s: 1e4 if 400 <= s < 600 else 2.0)))
    assert ended.severity is Severity.INFO
    assert ended.evidence[0].statement.facts["step"] == ended.last_step


def test_clipping_by_value_that_leaves_only_signs(make_run: MakeRun) -> None:
    """Huge from the first step on: the run's own history shows nothing, the clipping does."""
    signals = norms(3e4)
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED
    finding = RULE.evaluate(make_run(signals, discriminator=clipping(1.0)))
    (evidence,) = finding.evidence
    assert finding.severity is Severity.WARNING
    assert evidence.threshold == pytest.approx(100.0)  # 1.0 times the root of 10,000 entries
    assert evidence.statement.facts["entry"] == pytest.approx(300.0)
    later = RULE.evaluate(make_run(norms(lambda s: 3e4 if s >= 400 else 8.0), discriminator=clipping(1.0)))
    assert [e.first_step for e in later.evidence] == [400, 400]
    for healthy_norm, card in ((8.0, clipping(1.0)), (3e4, clipping(None)), (3e4, clipping(1e3))):
        assert RULE.evaluate(make_run(norms(healthy_norm), discriminator=card)).status is Status.NOT_DETECTED


def test_one_player_is_enough_and_none_is_not(make_run: MakeRun) -> None:
    only_g = {k: v for k, v in norms(1.0, lambda s: 1e4 if s >= 400 else 4.0).items() if k != "d_grad_norm"}
    assert RULE.evaluate(make_run(only_g)).status is Status.DETECTED
    none = RULE.evaluate(make_run(healthy(), missing={"g_grad_norm": "no update was seen"}))
    assert none.status is Status.NOT_EVALUATED
    assert none.reason is not None
    assert str(none.reason) == (
        "For the discriminator: d_grad_norm was not recorded. For the generator: g_grad_norm was not recorded: no "
        "update was seen."
    )
    short = RULE.evaluate(make_run(healthy() | {"d_grad_norm": every_step(1.0, start=970)}))
    assert short.reason is not None
    assert short.reason.facts["span"] == 60
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in norms(1.0).items()}
    assert RULE.evaluate(make_run(young)).status is Status.NOT_EVALUATED


@pytest.mark.parametrize(
    ("first", "signals"),
    [
        (
            "loss-too-large",
            {name: every_step(lambda s: 1e4 if s >= 400 else 1.0) for name in ("d_grad_norm", "g_grad_norm")}
            | {name: every_step(lambda s: 6e3 if s >= 400 else 0.6) for name in ("d_loss", "g_loss")},
        ),
        ("exploding-updates", {"d_update_ratio": probes(lambda s: 0.4 if s >= 500 else 3e-3)}),
        ("steep-discriminator", {"d_logit_gap": probes(lambda s: 2.0 * 2.0 ** max(0.0, (s - 500) / 50))}),
        (
            "bad-data",
            {
                "d_grad_norm": every_step(lambda s: 100.0 if s >= 400 else 1.0),
                "real_mean": every_step(lambda s: 90.0 if s >= 400 else 0.1),
                "real_spread": every_step(0.2),
            },
        ),
    ],
)
def test_causes(make_run: MakeRun, first: str, signals: Signals) -> None:
    growing = norms(lambda s: 2.0 ** max(0.0, (s - 500) / 40))
    finding = RULE.evaluate(make_run(growing | signals))
    assert finding.causes[0].id == first
    assert finding.causes[0].score > finding.causes[1].score
    assert finding.causes[0].test.values["shown"] is not NOT_RECORDED
