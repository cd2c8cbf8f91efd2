"""GD001."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import PlayerCard, Reach, Run
from support.recorded_runs import every_step, healthy, probes
from support.said import values_of

RULE = find_rule("GD001")
NAN, INF = float("nan"), float("inf")
MakeRun = Callable[..., Run]


def test_healthy(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy())).status is Status.NOT_DETECTED


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize("signal", ["d_loss", "g_loss", "d_grad_norm", "sample_mean", "d_fake_score"])
def test_one_step_is_enough_even_in_warm_up(make_run: MakeRun, signal: str, value: float) -> None:
    signals = {"d_loss": every_step(0.5), signal: every_step(0.5) | {7: value}}
    finding = RULE.evaluate(make_run(signals))
    assert finding.status is Status.DETECTED
    assert (finding.first_step, finding.last_step) == (7, 7)
    assert finding.evidence[0].signal == signal
    assert values_of(finding.evidence[0].statement)["step"] == 7


def test_the_first_signal_comes_first_and_losses_before_gradients(make_run: MakeRun) -> None:
    signals = {
        "g_loss": every_step(lambda s: NAN if s >= 201 else 1.0),
        "d_grad_norm": every_step(lambda s: NAN if s >= 200 else 1.0),
        "d_loss": every_step(lambda s: NAN if s >= 200 else 0.5),
    }
    finding = RULE.evaluate(make_run(signals))
    assert [(e.signal, e.first_step) for e in finding.evidence] == [
        ("d_loss", 200),
        ("d_grad_norm", 200),
        ("g_loss", 201),
    ]
    assert finding.severity is Severity.CRITICAL
    assert (
        str(finding.evidence[0].statement) == "d_loss is NaN at step 200, the first of 801 such steps up to step 1000."
    )


def test_skipped_updates_of_loss_scaling_are_a_warning(make_run: MakeRun) -> None:
    gradients = every_step(1.0) | {100: INF, 500: INF}
    finding = RULE.evaluate(make_run({"d_loss": every_step(0.5), "g_grad_norm": gradients}))
    assert finding.severity is Severity.WARNING
    assert "loss scaling" in str(finding.evidence[0].statement)


def test_infinite_logits_and_user_scalars_are_not_judged(make_run: MakeRun) -> None:
    signals = healthy() | {"d_real_logit": probes(INF), "d_logit_gap": probes(INF), "my_metric": probes(NAN)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_nothing_recorded_is_not_evaluated(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"my_metric": probes(1.0)}))
    assert finding.status is Status.NOT_EVALUATED
    assert str(finding.reason) == "No loss, gradient, score or sample value was recorded."


def test_causes_an_explosion(make_run: MakeRun) -> None:
    signals = {
        "d_loss": every_step(lambda s: NAN if s >= 300 else 0.5),
        "d_grad_norm": every_step(lambda s: NAN if s >= 300 else 1.0 if s < 260 else 2.0 ** (s - 260)),
    }
    assert RULE.evaluate(make_run(signals)).causes[0].id == "exploding-updates"


def test_causes_a_logarithm_of_zero(make_run: MakeRun) -> None:
    signals = {
        "d_loss": every_step(lambda s: INF if s == 300 else NAN if s > 300 else 0.5),
        "d_grad_norm": every_step(lambda s: NAN if s >= 300 else 1.0),
    }
    assert RULE.evaluate(make_run(signals)).causes[0].id == "logarithm-of-zero"


def test_causes_a_singular_derivative(make_run: MakeRun) -> None:
    signals = {
        "d_loss": every_step(lambda s: NAN if s > 300 else 0.5),
        "d_grad_norm": every_step(lambda s: NAN if s >= 300 else 1.0),
    }
    assert RULE.evaluate(make_run(signals)).causes[0].id == "singular-derivative"


def test_causes_a_logarithm_of_a_logit(make_run: MakeRun) -> None:
    signals = {"d_loss": every_step(NAN), "d_fake_logit_quantile/5": probes(-0.4), "real_mean": every_step(0.1)}
    for low, first in ((None, True), (0.0, False)):
        ends = PlayerCard(name="d", reach=Reach(low=low, high=None if low is None else 1.0, layer="dense"))
        causes = RULE.evaluate(make_run(signals, discriminator=ends)).causes
        assert (causes[0].id == "logits-taken-for-probabilities") is first, "a bounded output is no logit"


def test_finite_batches_rule_out_bad_data(make_run: MakeRun) -> None:
    for mean, standing in ((0.1, "ruled_out"), (NAN, "possible")):
        finding = RULE.evaluate(make_run({"d_loss": every_step(NAN), "real_mean": every_step(mean)}))
        assert {c.id: c.standing for c in finding.causes}["bad-data"] == standing


def test_causes_bad_data(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"d_loss": every_step(NAN)}))
    assert finding.causes[0].id == "bad-data"
    assert values_of(finding.causes[0].test)["step"] == 1
