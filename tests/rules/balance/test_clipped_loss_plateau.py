"""GD305."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from gandoctor.loss_families import OBJECTIVES, families
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.balance.clipped_loss_plateau import EPSILONS
from gandoctor.store import Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD305")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def pinned(level: float, signal: str = "g_loss", onset: int = 400) -> dict[str, dict[int, float]]:
    """A loss that climbs to a level and stays there."""
    return healthy() | {signal: every_step(lambda s: level if s >= onset else 1.4 + 0.02 * (s % 7))}


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_a_loss_at_its_ceiling_is_found_where_it_began(make_run: MakeRun, epsilon: float) -> None:
    finding = RULE.evaluate(make_run(pinned(-math.log(epsilon))))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    (evidence,) = finding.evidence
    assert evidence.signal == "g_loss"
    assert evidence.threshold == pytest.approx(-math.log(epsilon))
    assert evidence.statement.facts["count"] == 601
    assert "norm" not in evidence.statement.facts


def test_the_level_of_keras_is_named(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(pinned(16.118))).evidence[0].statement.facts["epsilon"] == "1e-7"
    assert RULE.evaluate(make_run(pinned(15.942))).evidence[0].statement.facts["epsilon"] == "2^-23"


def test_the_discriminators_loss_and_its_half(make_run: MakeRun) -> None:
    for level, words in ((16.118, "within 0.02 of 16.12"), (8.059, "8.06, half of 16.12")):
        finding = RULE.evaluate(make_run(pinned(level, "d_loss")))
        assert [e.signal for e in finding.evidence] == ["d_loss"]
        assert words in str(finding.evidence[0].statement)
    assert RULE.evaluate(make_run(pinned(8.059))).status is Status.NOT_DETECTED  # a generator's loss has no halves


def test_a_few_images_that_are_not_clipped_do_not_hide_it(make_run: MakeRun) -> None:
    rng = np.random.default_rng(0)
    noise = {s: 18.4207 - 0.015 * float(rng.random()) for s in range(400, 1001)}
    signals = pinned(18.4207)
    signals["g_loss"] |= noise
    assert RULE.evaluate(make_run(signals)).status is Status.DETECTED


def test_single_steps_off_the_level_do_not_end_it_and_are_not_enough_apart(make_run: MakeRun) -> None:
    def off_every(n: int, length: int = 1) -> Signals:
        return healthy() | {"g_loss": every_step(lambda s: 16.118 if s >= 400 and s % n >= length else 12.0)}

    finding = RULE.evaluate(make_run(off_every(20)))
    assert (finding.first_step, finding.last_step) == (401, 999)
    assert finding.severity is Severity.CRITICAL  # the last step is one of those
    assert finding.evidence[0].statement.facts["count"] == 570
    assert RULE.evaluate(make_run(off_every(10))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(off_every(20, length=5))).first_step == 405
    assert RULE.evaluate(make_run(off_every(20, length=6))).first_step == 986  # six steps off end it


def test_healthy_run_and_equilibria(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED
    for level in (0.0, math.log(2), math.log(4), 15.0, 16.0, 17.0):
        assert RULE.evaluate(make_run(pinned(level))).status is Status.NOT_DETECTED


def test_look_alike_jitter_about_the_level(make_run: MakeRun) -> None:
    rng = np.random.default_rng(1)
    jitter = {s: 16.118 + float(rng.normal(0, 0.5)) for s in range(1, 1001)}
    assert RULE.evaluate(make_run(healthy() | {"g_loss": jitter})).status is Status.NOT_DETECTED


@pytest.mark.parametrize("signal", ["g_loss", "d_loss"])
@pytest.mark.parametrize("stop", [16.13, 18.0])
def test_look_alike_a_loss_that_passes_through(make_run: MakeRun, signal: str, stop: float) -> None:
    """So slowly that it is 20 steps within the band; it may end there, or go on."""
    passing = every_step(lambda s: min(stop, 16.118 - 0.04 + 0.002 * (s - 400)) if s > 400 else 1.4)
    end = 419 + 20 if stop < 17 else 1000
    run = make_run(healthy() | {signal: {s: v for s, v in passing.items() if s <= end}})
    assert RULE.evaluate(run).status is Status.NOT_DETECTED


def test_a_generators_loss_that_was_above_has_no_ceiling_there(make_run: MakeRun) -> None:
    signals = pinned(16.118)
    signals["g_loss"][100] = 19.0
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


@pytest.mark.parametrize(("norm", "status"), [(0.0, Status.DETECTED), (0.4, Status.NOT_DETECTED)])
def test_the_gradient_decides_where_it_was_recorded(make_run: MakeRun, norm: float, status: Status) -> None:
    norms = every_step(lambda s: norm if s >= 400 else 2.0)
    finding = RULE.evaluate(make_run(pinned(16.118) | {"g_grad_norm": norms}))
    assert finding.status is status
    if status is Status.DETECTED:
        assert finding.evidence[0].statement.facts["norm"] == 0


def test_ten_steps_before_warm_up_are_enough_and_nine_are_not(make_run: MakeRun) -> None:
    for last, status in ((29, Status.DETECTED), (28, Status.NOT_DETECTED)):
        losses = every_step(lambda s: 16.118 if s >= 20 else 1.4 + s / 10, stop=last)
        signals = {"g_loss": losses, "d_loss": every_step(0.6, stop=last)}
        assert RULE.evaluate(make_run(signals, real_count=0)).status is status


def test_a_plateau_the_run_came_off_again_is_a_warning(make_run: MakeRun) -> None:
    signals = healthy() | {"g_loss": every_step(lambda s: 16.118 if 300 <= s < 500 else 1.4)}
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (300, 499)
    assert finding.evidence[0].statement.facts["step"] == 499


def test_families(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(pinned(16.118), loss_family=None)).status is Status.DETECTED
    assert RULE.evaluate(make_run(pinned(16.118), loss_family="minimax")).status is Status.DETECTED
    for family in sorted(families(cross_entropy=False)):
        finding = RULE.evaluate(make_run(pinned(16.118), loss_family=family))
        assert finding.reason is not None
        assert finding.reason.values["family"] == OBJECTIVES[family].title


def test_a_plateau_that_one_loss_shows_is_found_though_the_other_is_missing(make_run: MakeRun) -> None:
    both = pinned(16.118)
    assert RULE.evaluate(make_run({"g_loss": both["g_loss"]})).status is Status.DETECTED
    assert RULE.evaluate(make_run({"d_loss": every_step(0.6)})).status is Status.NOT_EVALUATED


def test_missing_losses(make_run: MakeRun) -> None:
    signals = {k: v for k, v in pinned(16.118).items() if k not in ("g_loss", "d_loss")}
    assert "Needs a loss at 10 steps; 0 recorded" in str(RULE.evaluate(make_run(signals)).reason)


def test_causes(make_run: MakeRun) -> None:
    def ranked(**fields: object) -> list[str]:
        return [c.id for c in RULE.evaluate(make_run(pinned(16.118) | more, **fields)).causes]

    more = {"d_fake_logit": probes(-22.0)}
    assert ranked()[0] == "logarithm-of-zero"
    more = {"d_fake_logit": probes(22.0)}
    assert ranked(real_is_high=False)[0] == "logarithm-of-zero"
    more = {"d_fake_logit": probes(-0.8)}
    finding = RULE.evaluate(make_run(pinned(16.118) | more))
    assert finding.causes[0].id == "logits-taken-for-probabilities"
    assert finding.causes[0].test.facts["cost"] == pytest.approx(1.17, abs=0.005)
    more = {"d_learning_rate": probes(1e-3), "g_learning_rate": probes(1e-4)}
    finding = RULE.evaluate(make_run(pinned(16.118) | more))
    shown = {c.id: c for c in finding.causes}
    assert shown["discriminator-learns-faster"].score == 0.6
    assert shown["discriminator-learns-faster"].test.facts["ratio"] == pytest.approx(10)
