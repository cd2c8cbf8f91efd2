"""GD008."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run
from gandoctor.store.cards import ObjectiveCard
from gandoctor.treatments import prescribe
from support.recorded_runs import every_step, healthy, probes
from support.said import values_of

RULE = find_rule("GD008")
MakeRun = Callable[..., Run]
Signals = dict[str, Any]


def losses(d_loss: float, g_loss: float, onset: int = 1) -> Signals:
    return {
        "d_loss": every_step(lambda s: d_loss if s >= onset else 0.6),
        "g_loss": every_step(lambda s: g_loss if s >= onset else 0.9),
    }


def reversed_labels(onset: int = 1) -> Signals:
    """The discriminator's labels reversed, with the levels of such a run: both losses vanish."""
    return {
        **losses(0.0002, 0.0003, onset),
        "fake_logit_change_in_g_step": {1: 0.0064, 2: -0.0007},
        "logit_gap_change_in_d_step": {1: -0.4577 if onset == 1 else 0.346, 2: 1.354},
        "sample_train_infer_gap": probes(lambda s: 14.0 if s < 60 else 0.82 if s >= onset else 0.25),
    }


def judged(make_run: MakeRun, signals: Signals, source: str = "inferred", **fields: Any) -> Finding:
    return RULE.evaluate(make_run(signals, loss_family_source=source, **fields))


def test_reversed_labels_in_one_step(make_run: MakeRun) -> None:
    finding = judged(make_run, reversed_labels())
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert [e.signal for e in finding.evidence] == ["g_loss", "d_loss"]
    assert str(finding.evidence[0].statement) == (
        "Both players win: the median loss of the discriminator is 0.0002, that of the generator 0.0003. In one game "
        "exp(-2 L_D) + exp(-L_G) <= 1, whatever the networks; the losses break this by 1."
    )
    assert finding.evidence[0].detail == "objectives"
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
    ended = reversed_labels(onset=300) | {
        "d_loss": every_step(lambda s: 0.0002 if 300 <= s < 600 else 0.6),
        "g_loss": every_step(lambda s: 0.0003 if 300 <= s < 600 else 0.9),
    }
    finding = judged(make_run, ended)
    assert finding.severity is Severity.WARNING
    assert finding.last_step is not None
    assert finding.last_step < 1000
    assert values_of(finding.evidence[0].statement)["step"] == finding.last_step


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
    assert judged(make_run, healthy()).status is Status.NOT_DETECTED


def test_look_alike_reversed_in_both_steps(make_run: MakeRun) -> None:
    # The losses know no convention; neither do the signs of the first updates.
    both = {
        **losses(0.4, 1.4),
        "fake_logit_change_in_g_step": {1: -0.2, 2: -0.2},
        "logit_gap_change_in_d_step": {1: -0.3, 2: -0.3},
    }
    assert judged(make_run, both).status is Status.NOT_DETECTED


def test_look_alike_smoothed_labels(make_run: MakeRun) -> None:
    assert judged(make_run, losses(0.1635, 6.0)).status is Status.NOT_DETECTED


def test_look_alike_networks_that_differ_are_left_to_gd010(make_run: MakeRun) -> None:
    # Batch normalisation with a momentum of 0.999: both losses vanish, the first updates are those of one game.
    apart = {**losses(0.0002, 0.0003), "sample_train_infer_gap": probes(2.6)}
    assert judged(make_run, apart).status is Status.NOT_DETECTED
    one_game = reversed_labels() | {"logit_gap_change_in_d_step": {1: 0.346, 2: 0.2}}
    assert judged(make_run, one_game).status is Status.NOT_DETECTED
    mixed = {**losses(0.0002, 0.0003), "d_batch_gap": probes(20.0)}
    assert judged(make_run, mixed).status is Status.NOT_DETECTED


def test_where_nothing_tells_the_two_apart_both_are_named(make_run: MakeRun) -> None:
    finding = judged(make_run, losses(0.0002, 0.0003))
    assert finding.severity is Severity.CRITICAL
    assert [c.id for c in finding.causes] == ["labels-disagree", "batch-norm-mode"]
    assert [c.score for c in finding.causes] == [0.7, 0.4]
    assert finding.evidence[0].detail == "unknown"


def test_a_family_that_was_only_said_needs_confirmation(make_run: MakeRun) -> None:
    # A weight of 0.001 on the generator's loss would look the same.
    assert judged(make_run, losses(0.0002, 0.0003), source="given").severity is Severity.WARNING
    assert judged(make_run, reversed_labels(), source="given").severity is Severity.CRITICAL


def test_one_odd_batch_is_nothing(make_run: MakeRun) -> None:
    odd = {
        "d_loss": every_step(lambda s: 0.0 if s % 3 == 0 else 0.5),
        "g_loss": every_step(lambda s: 0.0 if s % 3 == 0 else 1.2),
    }
    assert judged(make_run, odd).status is Status.NOT_DETECTED


def critic(d_loss: float, g_loss: float, real: float, fake: float) -> Signals:
    return {
        **losses(d_loss, g_loss),
        "d_real_logit": probes(real),
        "d_fake_logit": probes(fake),
        "d_prime": probes(8.0),
    }


@pytest.mark.parametrize(
    ("signals", "status"),
    [
        # The critic lowers real minus generated, its generator raises the generated: both without end.
        (critic(-207.0, -107.0, -100.0, 107.0), Status.DETECTED),
        (critic(-207.0, -107.0, 100.0, -107.0), Status.DETECTED),  # in the other convention
        (critic(-200.0, -95.0, 100.0, -107.0), Status.DETECTED),  # on other images, in inference mode
        (critic(-207.0, 107.0, 100.0, -107.0), Status.NOT_DETECTED),
        (critic(-207.0, 107.0, -100.0, 107.0), Status.NOT_DETECTED),
        (critic(-0.6, 0.09, 0.5, -0.1), Status.NOT_DETECTED),
    ],
)
def test_a_wasserstein_critic_is_judged_by_its_scores(make_run: MakeRun, signals: Signals, status: Status) -> None:
    finding = judged(make_run, signals, loss_family="wasserstein")
    assert finding.status is status
    if status is Status.DETECTED:
        assert finding.severity is Severity.CRITICAL
        assert finding.causes[0].id == "labels-disagree"


def test_the_signs_of_a_critic_are_told(make_run: MakeRun) -> None:
    finding = judged(make_run, critic(-207.0, -107.0, -100.0, 107.0), loss_family="wasserstein")
    assert str(finding.evidence[0].statement) == (
        "Critic and generator are trained in the same direction. The critic's loss is -207: the mean score of real "
        "minus generated images. The generator's loss is -107: the mean score of generated images with its sign "
        "reversed. One of the two signs is wrong."
    )
    finding = judged(make_run, critic(-207.0, -107.0, 100.0, -107.0), loss_family="wasserstein")
    assert "generated minus real images" in str(finding.evidence[0].statement)
    assert "generated images as it is" in str(finding.evidence[0].statement)


def test_a_critics_loss_of_no_known_family_is_judged_by_its_scores(make_run: MakeRun) -> None:
    # A bracket that closes too late: -(r + f) for f - r, with reals at 4 and fakes at 900.
    bracket = critic(-904.0, -900.0, 4.0, 900.0)
    finding = judged(make_run, bracket, loss_family=None)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert "falls as the scores of generated images rise" in str(finding.evidence[0].statement)
    for right in (critic(896.0, -900.0, 4.0, 900.0), critic(-896.0, 900.0, 4.0, 900.0)):  # and the other convention
        assert judged(make_run, right, loss_family=None).status is Status.NOT_DETECTED


def test_look_alike_a_critic_whose_scores_do_not_match_its_losses(make_run: MakeRun) -> None:
    # Real and generated lie so close that dropout turns their order round, or a penalty hides the scores.
    close = critic(-0.2, -0.3, 0.1, 0.3) | {"d_prime": probes(0.6)}
    penalised = critic(50.0, -107.0, -100.0, 107.0)
    for signals in (close, penalised):
        finding = judged(make_run, signals, loss_family="wasserstein")
        assert finding.status is Status.NOT_EVALUATED
        assert "do not match the critic's scores" in str(finding.reason)


def test_not_evaluated_says_why(make_run: MakeRun) -> None:
    def reason(signals: Signals, **fields: Any) -> str:
        finding = judged(make_run, signals, **fields)
        assert finding.status is Status.NOT_EVALUATED
        return str(finding.reason)

    assert "losses of both players" in reason({"d_loss": every_step(0.5)})
    assert "family is unknown" in reason(losses(0.0, 0.0), loss_family=None)
    assert "scores of real and generated images" in reason(losses(-1.0, 2.0), loss_family="wasserstein")
    young = {name: {s: v for s, v in series.items() if s <= 50} for name, series in losses(0.0, 0.0).items()}
    assert "fewer than 60 steps" in reason(young)
    warming = {name: {s: v for s, v in series.items() if s <= 150} for name, series in losses(0.0, 0.0).items()}
    assert "after warm-up" in reason(warming, planned_steps=1000)


def pulled(real: float, fake: float, wanted: float, onset: int = 1) -> Signals:
    """Pulls of both losses on the scores, and losses of no known family."""
    return {
        "d_loss": every_step(lambda s: 0.4),
        "g_loss": every_step(lambda s: 3.0),
        "real_score_pull_in_d_step": every_step(lambda s: real),
        "fake_score_pull_in_d_step": every_step(lambda s: fake),
        "fake_score_pull_in_g_step": every_step(lambda s: wanted if s >= onset else -fake),
    }


@pytest.mark.parametrize(
    ("pulls", "status"),
    [
        ((1.0, -1.0, 1.0), Status.NOT_DETECTED),
        ((-1.0, 1.0, -1.0), Status.NOT_DETECTED),  # the other convention
        ((1.0, -1.0, -1.0), Status.DETECTED),
        ((-1.0, 1.0, 1.0), Status.DETECTED),
        ((1.0, -1.0, -0.5), Status.NOT_EVALUATED),  # no clear pull, and losses of no known family
        ((1.0, 1.0, 1.0), Status.NOT_DETECTED),  # the scores have not followed: they lie below a target
    ],
)
def test_pulls_tell_whatever_the_loss_is_made_of(
    make_run: MakeRun, pulls: tuple[float, float, float], status: Status
) -> None:
    finding = judged(make_run, pulled(*pulls), loss_family=None)
    assert finding.status is status
    if status is Status.DETECTED:
        assert finding.severity is Severity.CRITICAL
        assert [(c.id, c.score) for c in finding.causes] == [("labels-disagree", 0.97)]


def test_pulls_that_agree_from_the_middle_on_are_dated(make_run: MakeRun) -> None:
    finding = judged(make_run, pulled(1.0, -1.0, -1.0, onset=500), loss_family=None)
    assert finding.first_step == 500


def test_all_scores_pulled_one_way_and_following(make_run: MakeRun) -> None:
    rising = {name: probes(lambda s: s / 100) for name in ("d_real_logit", "d_fake_logit")}
    finding = judged(make_run, pulled(1.0, 1.0, 1.0) | rising, loss_family=None)
    assert finding.status is Status.DETECTED
    assert "All losses pull all scores the same way" in str(finding.evidence[0].statement)


def test_look_alike_scores_that_swing_around_targets(make_run: MakeRun) -> None:
    """Least squares that explode: what real images are pulled to is now up, now down."""
    swinging = pulled(1.0, -1.0, -1.0, onset=500)
    swinging["real_score_pull_in_d_step"] = every_step(lambda s: 1.0 if s // 50 % 2 else -1.0)
    swinging["fake_score_pull_in_d_step"] = every_step(lambda s: -1.0 if s // 50 % 2 else 1.0)
    swinging["fake_score_pull_in_g_step"] = every_step(lambda s: -1.0 if s // 50 % 2 else 1.0)
    assert judged(make_run, swinging, loss_family=None).status is Status.NOT_EVALUATED


def test_labels_that_are_flipped_now_and_then_hide_no_conflict(make_run: MakeRun) -> None:
    flipped = pulled(1.0, -1.0, -1.0)
    flipped["real_score_pull_in_d_step"] = every_step(lambda s: -1.0 if s % 20 == 0 else 1.0)
    flipped["fake_score_pull_in_d_step"] = every_step(lambda s: 1.0 if s % 20 == 0 else -1.0)
    assert judged(make_run, flipped, loss_family=None).status is Status.DETECTED


def test_look_alike_least_squares_that_explode_pull_one_way_at_times(make_run: MakeRun) -> None:
    rising = {name: probes(lambda s: s / 100) for name in ("d_real_logit", "d_fake_logit")}
    late = pulled(1.0, 1.0, 1.0)
    late["fake_score_pull_in_d_step"] = {
        step: 1.0 if step > 400 else -1.0 for step in late["fake_score_pull_in_d_step"]
    }
    assert judged(make_run, late | rising, loss_family=None).status is not Status.DETECTED


def test_losses_of_two_games_whose_pulls_oppose_are_no_conflict(make_run: MakeRun) -> None:
    apart = {name: value for name, value in pulled(1.0, -1.0, 1.0).items() if "pull" in name}
    assert judged(make_run, losses(0.0002, 0.0003) | apart).status is Status.NOT_DETECTED


@pytest.mark.parametrize(("labels", "is_found"), [("same", True), ("own", False), ("crossed", False), (None, False)])
def test_a_loss_that_asks_the_same_of_both_batches(make_run: MakeRun, labels: Any, is_found: bool) -> None:
    card = ObjectiveCard(labels=labels, output_low=-1.0, output_high=1.0, steps=5)
    finding = judged(make_run, losses(1.4, 0.7), objective=card)
    assert (finding.status is Status.DETECTED) == is_found
    if is_found:
        assert finding.severity is Severity.CRITICAL
        assert "number for number" in str(finding.evidence[0].statement)
        assert (finding.causes[0].id, finding.causes[0].score) == ("same-label-for-both", 0.97)
