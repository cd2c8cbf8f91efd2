"""GD010."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run
from gandoctor.store.cards import LatentCard
from gandoctor.treatments import prescribe
from support.recorded_runs import every_step, healthy, probes
from support.said import values_of

RULE = find_rule("GD010")
MakeRun = Callable[..., Run]
Signals = dict[str, Any]


def card(*layers: LayerCard) -> PlayerCard:
    return PlayerCard(name="network", layers=[LayerCard(name="dense", type="Dense", parameters=10), *layers])


def batch_norm(momentum: float) -> LayerCard:
    return LayerCard(name="bn", type="BatchNormalization", settings={"momentum": momentum}, parameters=4)


SAME = {"sample_train_infer_gap": probes(0.1)}
"""Images that do not depend on the mode."""


def judged(make_run: MakeRun, signals: Signals, source: str = "inferred", **fields: Any) -> Finding:
    return RULE.evaluate(make_run(signals, loss_family_source=source, **fields))


def first_cure(finding: Finding) -> str:
    return prescribe(RULE.treatments, {cause.id: cause.score for cause in finding.causes})[0].id


def slow_batch_norm() -> Signals:
    """Momentum 0.999 and inference-mode fakes for the discriminator, with the levels of such a run."""
    return healthy() | {
        "d_loss": every_step(lambda s: 0.5 if s < 50 else 0.0002),
        "g_loss": every_step(lambda s: 1.0 if s < 50 else 0.002),
        "sample_train_infer_gap": probes(2.6),
    }


def test_batch_norm_that_lags_behind(make_run: MakeRun) -> None:
    finding = judged(make_run, slow_batch_norm(), generator=card(batch_norm(0.999)), discriminator=card())
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert [e.signal for e in finding.evidence] == ["g_loss", "sample_train_infer_gap"]
    loss, images = finding.evidence
    assert loss.observed == 0.002
    assert loss.threshold == pytest.approx(7.82, abs=0.01)  # -ln(1 - exp(-0.0004))
    assert values_of(loss.statement)["below"] == pytest.approx(7.82, abs=0.01)
    assert str(loss.statement).startswith(
        "With a discriminator loss of 0.0002, the generator's loss must be at least 7.8. It is 0.002, 7.8 nats less."
    )
    assert (images.observed, images.threshold) == (2.6, 0.5), "what the averages began with is known to be left in them"
    assert finding.causes[0].id == "batch-norm-mode"
    assert "momentum of 0.999" in str(finding.causes[0].test)
    assert first_cure(finding) == "batch-norm-momentum"


@pytest.mark.parametrize(("momentum", "gap", "found"), [(0.999, 0.7, True), (0.999, 0.4, False), (0.99, 0.7, False)])
def test_a_smaller_difference_counts_while_averages_lag(
    make_run: MakeRun, momentum: float, gap: float, found: bool
) -> None:
    """0.999 to the power of 1000 is 37 %, 0.99 nothing."""
    apart = healthy() | {"sample_train_infer_gap": probes(gap)}
    finding = judged(make_run, apart, generator=card(batch_norm(momentum)), discriminator=card())
    assert (finding.status is Status.DETECTED) is found
    if found:
        assert finding.severity is Severity.WARNING
        assert "0.999 still holds 37%" in str(finding.evidence[0].statement)


@pytest.mark.parametrize(
    ("at_a_time", "gap", "found"), [(1, 0.9, True), (1, 0.4, False), (16, 0.9, False), (None, 0.9, False)]
)
def test_batch_norm_on_batches_of_one(make_run: MakeRun, at_a_time: int | None, gap: float, found: bool) -> None:
    apart = healthy() | {"sample_train_infer_gap": probes(gap)}
    latent = LatentCard(shape=(32, 1), at_a_time=at_a_time)
    finding = judged(make_run, apart, generator=card(batch_norm(0.9)), discriminator=card(), latent=latent)
    assert (finding.status is Status.DETECTED) == found
    if found:
        assert finding.causes[0].id == "batches-of-one"
        assert first_cure(finding) == "normalise-each-by-itself"
    without = judged(make_run, apart, generator=card(), discriminator=card(), latent=latent)
    assert without.status is Status.NOT_DETECTED, "nothing is normalised"


def test_batch_norm_in_a_discriminator_with_mixed_batches(make_run: MakeRun) -> None:
    # The levels of the first measurements: loss 0.00 and 0.84, 8.6 nats.
    mixed = healthy() | {
        "d_loss": every_step(lambda s: 0.5 if s < 50 else 0.00004),
        "g_loss": every_step(0.84),
        "sample_train_infer_gap": probes(0.1),
        "d_batch_gap": probes(30.0),
    }
    finding = judged(make_run, mixed, generator=card(batch_norm(0.9)), discriminator=card(batch_norm(0.9)))
    assert finding.severity is Severity.CRITICAL
    assert [e.signal for e in finding.evidence] == ["g_loss"]
    assert finding.causes[0].id == "batch-norm-in-discriminator"
    assert first_cure(finding) == "batch-norm-placement"


def test_a_generator_that_both_steps_train(make_run: MakeRun) -> None:
    # The levels of a run of the reference model with that fault; its discriminator sees inference-mode fakes.
    both = healthy() | {
        "d_loss": every_step(lambda s: 0.5 if s < 50 else 0.0014),
        "g_loss": every_step(lambda s: 1.0 if s < 50 else 0.04),
        "sample_train_infer_gap": probes(1.4),
        "g_update_in_d_step": probes(0.1),
        "fake_logit_change_in_g_step": {1: 0.004},
        "logit_gap_change_in_d_step": {1: 0.35},
    }
    finding = judged(make_run, both)
    assert finding.causes[0].id == "generator-moved-in-both-steps"
    assert first_cure(finding) == "stop-gradient-in-discriminator-step"


def test_too_much_dropout(make_run: MakeRun) -> None:
    dropped = healthy() | {"sample_train_infer_gap": probes(1.4)}
    dropout = LayerCard(name="dropout", type="Dropout", settings={"rate": 0.9})
    finding = judged(make_run, dropped, generator=card(dropout), discriminator=card(dropout))
    assert finding.severity is Severity.WARNING  # the losses belong to one game
    assert finding.causes[0].id == "too-much-dropout"
    assert first_cure(finding) == "dropout-rate"


def test_healthy_run(make_run: MakeRun) -> None:
    gap = {"sample_train_infer_gap": probes(lambda s: 14.0 if s < 20 else 1.8 if s < 100 else 0.3)}
    finding = judged(make_run, healthy() | gap)
    assert finding.status is Status.NOT_DETECTED


def test_look_alike_a_discriminator_that_wins(make_run: MakeRun) -> None:
    won = healthy() | {"d_loss": every_step(0.0002), "g_loss": every_step(17.0), "sample_train_infer_gap": probes(0.8)}
    assert judged(make_run, won).status is Status.NOT_DETECTED


def test_look_alike_a_loss_of_exactly_zero_beside_a_clipped_one(make_run: MakeRun) -> None:
    # float32 cannot tell the loss from 0, and the clipped cross-entropy of the generator ends at 15.9.
    pinned = healthy() | SAME | {"d_loss": every_step(0.0), "g_loss": every_step(15.9)}
    assert judged(make_run, pinned).status is Status.NOT_DETECTED


def test_look_alike_single_batches_below_the_bound(make_run: MakeRun) -> None:
    odd = (
        healthy()
        | SAME
        | {
            "d_loss": every_step(lambda s: 0.001 if s % 3 == 0 else 0.4),
            "g_loss": every_step(lambda s: 0.5 if s % 3 == 0 else 1.5),
        }
    )
    assert judged(make_run, odd).status is Status.NOT_DETECTED


def test_look_alike_reversed_labels_are_gd008s(make_run: MakeRun) -> None:
    both_low = healthy() | SAME | {"d_loss": every_step(0.0002), "g_loss": every_step(0.0003)}
    assert judged(make_run, both_low).status is Status.NOT_DETECTED
    wrong_way = both_low | {
        "fake_logit_change_in_g_step": {1: 0.0064, 2: 0.1},
        "logit_gap_change_in_d_step": {1: -0.458, 2: 0.1},
        "g_loss": every_step(0.84),
    }
    assert judged(make_run, wrong_way).status is Status.NOT_DETECTED
    assert find_rule("GD008").evaluate(make_run(both_low)).status is Status.DETECTED


def test_first_updates_of_one_game_blame_the_networks(make_run: MakeRun) -> None:
    one_game = healthy() | {
        "d_loss": every_step(0.0002),
        "g_loss": every_step(0.0003),
        "fake_logit_change_in_g_step": {1: 0.0064, 2: -0.1},
        "logit_gap_change_in_d_step": {1: 0.458, 2: 0.1},
    }
    run = make_run(one_game, loss_family_source="inferred")
    assert RULE.evaluate(run).severity is Severity.CRITICAL
    assert find_rule("GD008").evaluate(run).status is Status.NOT_DETECTED


def test_exactly_one_of_the_two_rules_reports_losses_that_are_both_low(make_run: MakeRun) -> None:
    for family, d_loss, g_loss in (("least_squares", 0.004, 0.005), ("hinge", 0.0, -8.0), ("minimax", 0.0, -8.0)):
        for more in ({}, {"sample_train_infer_gap": probes(2.6)}, {"d_batch_gap": probes(9.0)}):
            signals = {"d_loss": every_step(d_loss), "g_loss": every_step(g_loss), **more}
            run = make_run(signals, loss_family=family)
            told = [find_rule(i).evaluate(run).status is Status.DETECTED for i in ("GD008", "GD010")]
            assert sum(told) == 1, (family, more)
            assert told[1] is bool(more)


def test_look_alike_blank_images(make_run: MakeRun) -> None:
    blank = healthy() | {"sample_train_infer_gap": probes(float("inf")), "sample_std": probes(1e-6)}
    assert judged(make_run, blank).status is Status.NOT_DETECTED


def test_look_alike_batch_norm_in_the_discriminator_with_separate_batches(make_run: MakeRun) -> None:
    apart = healthy() | {"d_batch_gap": probes(30.0), "sample_train_infer_gap": probes(0.1)}
    assert judged(make_run, apart, discriminator=card(batch_norm(0.99))).status is Status.NOT_DETECTED


def test_one_that_caught_up_is_less(make_run: MakeRun) -> None:
    caught_up = healthy() | {"sample_train_infer_gap": probes(lambda s: 2.0 if s < 500 else 0.1)}
    finding = judged(make_run, caught_up)
    assert finding.severity is Severity.INFO
    assert values_of(finding.evidence[0].statement)["step"] == 480


def test_a_family_that_was_only_said_needs_confirmation(make_run: MakeRun) -> None:
    assert judged(make_run, slow_batch_norm(), source="given").severity is Severity.CRITICAL  # the images confirm it
    # A weight of 0.1 on the generator's loss would look the same.
    weighted = healthy() | {"d_loss": every_step(0.0002), "g_loss": every_step(0.84)}
    assert judged(make_run, weighted, source="given").severity is Severity.WARNING


def test_images_alone_for_a_wasserstein_critic(make_run: MakeRun) -> None:
    signals = {"d_loss": every_step(-3.0), "g_loss": every_step(1.0), "sample_train_infer_gap": probes(2.6)}
    finding = judged(make_run, signals, loss_family="wasserstein")
    assert [e.signal for e in finding.evidence] == ["sample_train_infer_gap"]


def test_not_evaluated_says_why(make_run: MakeRun) -> None:
    signals = {"d_loss": every_step(-3.0), "g_loss": every_step(1.0)}
    finding = judged(
        make_run, signals, loss_family="wasserstein", missing={"sample_train_infer_gap": "no latent sampler"}
    )
    assert finding.status is Status.NOT_EVALUATED
    assert "Wasserstein family do not bound each other" in str(finding.reason)
    assert "no latent sampler" in str(finding.reason)
    young = {name: {s: v for s, v in series.items() if s <= 100} for name, series in slow_batch_norm().items()}
    assert "warm-up" in str(judged(make_run, young).reason)


def test_losses_of_one_game_say_nothing_of_images_that_were_not_compared(make_run: MakeRun) -> None:
    assert judged(make_run, healthy()).status is Status.NOT_EVALUATED
    assert judged(make_run, healthy() | SAME).status is Status.NOT_DETECTED
