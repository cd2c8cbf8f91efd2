"""GD008."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from recorded_runs import every_step, healthy, probes

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run
from gandoctor.treatments import prescribe

RULE = find_rule("GD008")
MakeRun = Callable[..., Run]
Signals = dict[str, Any]


def pulls(pull: float | Callable[[int], float]) -> dict[int, float]:
    """The change of the fakes' logit in the generator's step: the first two steps and five times a run."""
    return {s: pull(s) if callable(pull) else pull for s in (1, 2, 200, 400, 600, 800, 1000)}


def losses(d_loss: float, g_loss: float, onset: int = 1) -> Signals:
    return {
        "d_loss": every_step(lambda s: d_loss if s >= onset else 0.6),
        "g_loss": every_step(lambda s: g_loss if s >= onset else 0.9),
    }


def reversed_labels(onset: int = 1) -> Signals:
    """The discriminator's labels reversed, with the levels of such a run: both losses vanish, reals far below."""
    return {
        **losses(0.0002, 0.0003, onset),
        "fake_logit_change_in_g_step": pulls(lambda s: 0.02),
        "d_real_logit": probes(lambda s: -16.0 if s >= onset else 2.0),
        "d_fake_logit": probes(lambda s: 13.0 if s >= onset else -2.0),
        "d_prime": probes(8.0),
        "sample_train_infer_gap": probes(0.14),
    }


def judged(make_run: MakeRun, signals: Signals, source: str = "inferred", **fields: Any) -> Finding:
    return RULE.evaluate(make_run(signals, loss_family_source=source, **fields))


def test_reversed_labels_in_one_step(make_run: MakeRun) -> None:
    finding = judged(make_run, reversed_labels())
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert [e.signal for e in finding.evidence] == ["g_loss", "d_loss", "fake_logit_change_in_g_step"]
    assert "Both players win" in finding.evidence[0].statement
    assert "exp(-2 L_D) + exp(-L_G) <= 1" in finding.evidence[0].statement
    assert "29 below those of generated ones" in finding.evidence[2].statement
    assert "push the generated ones up, away from the reals, in 5 of 5 probes" in finding.evidence[2].statement
    assert finding.causes[0].id == "labels-disagree"
    causes = {cause.id: cause.score for cause in finding.causes}
    labels = {"training": {"real_label": 1.0, "fake_label": 0.0, "generator_label": 1.0}}
    assert prescribe(RULE.treatments, causes, labels)[0].id == "consistent-labels"


def test_reversed_mid_run(make_run: MakeRun) -> None:
    finding = judged(make_run, reversed_labels(onset=500))
    assert finding.severity is Severity.CRITICAL
    assert finding.first_step is not None
    assert 500 <= finding.first_step <= 560


def test_a_conflict_that_ended_is_a_warning(make_run: MakeRun) -> None:
    ended = reversed_labels() | {
        "d_loss": every_step(lambda s: 0.0002 if 300 <= s < 600 else 0.6),
        "g_loss": every_step(lambda s: 0.0003 if 300 <= s < 600 else 0.9),
    }
    finding = judged(make_run, ended)
    assert finding.severity is Severity.WARNING
    assert "recovered" in finding.evidence[0].statement


@pytest.mark.parametrize(
    ("family", "d_loss", "g_loss", "status"),
    [
        ("non_saturating", 0.0, 0.0, Status.DETECTED),
        ("non_saturating", 0.693, 0.693, Status.NOT_DETECTED),
        ("non_saturating", 1.386, 0.693, Status.NOT_DETECTED),  # a sum at equilibrium
        ("non_saturating", 0.0, 14.0, Status.NOT_DETECTED),  # collapse of D's loss: GD301
        ("non_saturating", 0.69, 0.0, Status.NOT_DETECTED),  # G is ahead
        ("minimax", 0.001, -9.0, Status.DETECTED),
        ("minimax", 0.001, -0.0005, Status.NOT_DETECTED),  # D is ahead
        ("minimax", 0.693, -0.693, Status.NOT_DETECTED),
        ("least_squares", 0.005, 0.004, Status.DETECTED),
        ("least_squares", 0.25, 0.25, Status.NOT_DETECTED),
        ("least_squares", 0.016, 0.99, Status.NOT_DETECTED),
        ("least_squares", 0.001, 0.5, Status.NOT_DETECTED),  # halved, and D is ahead
        ("hinge", 0.0, -8.7, Status.DETECTED),
        ("hinge", 1.0, 0.0, Status.NOT_DETECTED),
        ("hinge", 0.02, 4.0, Status.NOT_DETECTED),
        ("hinge", 1.6, -2.0, Status.NOT_DETECTED),  # G is ahead
    ],
)
def test_every_family_by_its_own_inequality(
    make_run: MakeRun, family: str, d_loss: float, g_loss: float, status: Status
) -> None:
    assert judged(make_run, losses(d_loss, g_loss), loss_family=family).status is status


def test_healthy_run(make_run: MakeRun) -> None:
    one_game = {
        "fake_logit_change_in_g_step": pulls(0.2),
        "d_real_logit": probes(2.0),
        "d_fake_logit": probes(-2.0),
        "d_prime": probes(3.0),
    }
    assert judged(make_run, healthy() | one_game).status is Status.NOT_DETECTED


def test_look_alike_reversed_in_both_steps(make_run: MakeRun) -> None:
    both = {
        **losses(0.4, 1.4),
        "fake_logit_change_in_g_step": pulls(-0.2),
        "d_real_logit": probes(-2.0),
        "d_fake_logit": probes(2.0),
        "d_prime": probes(3.0),
    }
    assert judged(make_run, both).status is Status.NOT_DETECTED
    assert judged(make_run, both, loss_family="wasserstein").status is Status.NOT_DETECTED


def test_look_alike_smoothed_labels(make_run: MakeRun) -> None:
    assert judged(make_run, losses(0.1635, 6.0)).status is Status.NOT_DETECTED


def test_look_alike_networks_that_differ_are_left_to_gd010(make_run: MakeRun) -> None:
    # Batch normalisation with a momentum of 0.999: both losses vanish, and the generator pulls the right way.
    apart = {**losses(0.0002, 0.0003), "sample_train_infer_gap": probes(2.6)}
    assert judged(make_run, apart).status is Status.NOT_DETECTED
    right_way = reversed_labels() | {"d_real_logit": probes(16.0), "d_fake_logit": probes(-13.0)}
    assert judged(make_run, right_way).status is Status.NOT_DETECTED
    mixed = {**losses(0.0002, 0.0003), "d_batch_gap": probes(20.0)}
    assert judged(make_run, mixed).status is Status.NOT_DETECTED


def test_where_nothing_tells_the_two_apart_both_are_named(make_run: MakeRun) -> None:
    finding = judged(make_run, losses(0.0002, 0.0003))
    assert finding.severity is Severity.CRITICAL
    assert [c.id for c in finding.causes] == ["labels-disagree", "batch-norm-mode"]
    assert all("neither was recorded" in c.test for c in finding.causes)


def test_a_family_that_was_only_said_is_a_warning(make_run: MakeRun) -> None:
    assert judged(make_run, reversed_labels(), source="given").severity is Severity.WARNING


def test_one_odd_batch_is_nothing(make_run: MakeRun) -> None:
    odd = {
        "d_loss": every_step(lambda s: 0.0 if s % 3 == 0 else 0.5),
        "g_loss": every_step(lambda s: 0.0 if s % 3 == 0 else 1.2),
    }
    assert judged(make_run, odd).status is Status.NOT_DETECTED


def critic(pull: float | Callable[[int], float], real: float, fake: float) -> Signals:
    """A Wasserstein critic: losses in the hundreds, negative, which bound nothing."""
    return {
        **losses(-207.0, -208.0),
        "fake_logit_change_in_g_step": pulls(pull),
        "d_real_logit": probes(real),
        "d_fake_logit": probes(fake),
        "d_prime": probes(8.0),
    }


def test_a_wasserstein_critic_is_judged_by_directions(make_run: MakeRun) -> None:
    finding = judged(make_run, critic(0.2, -100.0, 107.0), loss_family="wasserstein")
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (200, 1000)
    [evidence] = finding.evidence
    assert evidence.signal == "fake_logit_change_in_g_step"
    assert "207 below" in evidence.statement
    assert judged(make_run, critic(0.2, 100.0, -107.0), loss_family="wasserstein").status is Status.NOT_DETECTED
    odd = critic(lambda s: -0.2 if s == 600 else 0.2, 100.0, -107.0)
    assert judged(make_run, odd, loss_family="wasserstein").status is Status.NOT_DETECTED


def test_a_critic_whose_conflict_ended(make_run: MakeRun) -> None:
    ended = critic(lambda s: 0.2 if s <= 600 else -0.2, -100.0, 107.0)
    ended["fake_logit_change_in_g_step"] |= {1200: -0.2}
    finding = judged(
        make_run,
        ended
        | {
            "d_real_logit": probes(-100.0, stop=1200),
            "d_fake_logit": probes(107.0, stop=1200),
            "d_prime": probes(8.0, stop=1200),
        },
        loss_family=None,
    )
    assert finding.severity is Severity.WARNING
    assert finding.first_step == 200


def test_not_evaluated_says_why(make_run: MakeRun) -> None:
    def reason(signals: Signals, **fields: Any) -> str:
        finding = judged(make_run, signals, **fields)
        assert finding.status is Status.NOT_EVALUATED
        return str(finding.reason)

    unknown = losses(0.0, 0.0)
    missing = {"fake_logit_change_in_g_step": "the discriminator cannot be run on images alone"}
    assert "cannot be run on images alone" in reason(unknown, loss_family=None, missing=missing)
    without_reals = unknown | {"fake_logit_change_in_g_step": pulls(0.2), "d_fake_logit": probes(1.0)}
    assert "logits of real and generated images" in reason(without_reals, loss_family="wasserstein")
    few = critic(0.2, -100.0, 107.0) | {"fake_logit_change_in_g_step": {1: 0.2, 2: 0.2, 200: 0.2}}
    assert "1 so far" in reason(few, loss_family="wasserstein")
    young = {name: {s: v for s, v in series.items() if s <= 50} for name, series in losses(0.0, 0.0).items()}
    assert "fewer than 60 steps" in reason(young)
    warming = {name: {s: v for s, v in series.items() if s <= 150} for name, series in losses(0.0, 0.0).items()}
    assert "after warm-up" in reason(warming)
