"""GD302."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import LayerCard, PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD302")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def balanced() -> Signals:
    """The best run: a discriminator that hardly tells, because the samples are good."""
    losses = {"d_loss": every_step(0.69), "g_loss": every_step(0.69)}
    return healthy() | losses | {"d_auc": probes(0.6), "d_logit_gap": probes(0.03)}


def blind(onset: int = 0, kid: float = 30.0, correlation: float = 0.61) -> Signals:
    """The same scores with samples like noise, the levels of a run whose discriminator never trained."""
    base = balanced()
    worse = {"sample_kid": kid, "sample_autocorrelation": correlation}
    return base | {n: {s: v if s >= onset else base[n][s] for s in base[n]} for n, v in worse.items()}


def test_blind_discriminator_is_found_where_samples_went_wrong(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(blind(400)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert [e.signal for e in finding.evidence] == ["d_auc", "sample_kid", "sample_autocorrelation", "d_loss"]
    auc, kid, correlation, loss = (str(e.statement) for e in finding.evidence)
    assert "in 60% of pairs" in auc
    assert "do not improve" in auc
    assert "is 30" in kid
    assert "by 0.61, those of your real images by 0.8" in correlation
    assert "by the losses alone" in loss


def test_blindness_that_begins_late(make_run: MakeRun) -> None:
    signals = blind() | {"d_auc": probes(lambda s: 0.95 if s < 600 else 0.52)}
    assert RULE.evaluate(make_run(signals)).first_step == 600


@pytest.mark.parametrize("worse", [{"kid": 0.45}, {"correlation": 0.862}])
def test_either_sign_of_bad_samples_is_enough(make_run: MakeRun, worse: dict[str, float]) -> None:
    finding = RULE.evaluate(make_run(blind(**worse)))
    assert finding.status is Status.DETECTED
    assert len(finding.evidence) == 3


def test_samples_that_are_too_smooth_are_unlike_the_reals_as_well(make_run: MakeRun) -> None:
    evidence = RULE.evaluate(make_run(blind(kid=0.45, correlation=0.97))).evidence[1]
    assert evidence.threshold is not None
    assert 0.9 < evidence.threshold < evidence.observed


def test_look_alike_equilibrium_with_good_samples(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(balanced())).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(balanced() | {"d_auc": probes(0.5)})).status is Status.NOT_DETECTED


def test_look_alike_discriminator_that_tells_bad_samples(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(blind() | {"d_auc": probes(0.9)})).status is Status.NOT_DETECTED


@pytest.mark.parametrize("signal", ["sample_kid", "sample_autocorrelation"])
def test_look_alike_young_generator_that_improves(make_run: MakeRun, signal: str) -> None:
    value = (lambda s: 80.0 * 0.5 ** (s / 200)) if signal == "sample_kid" else (lambda s: 0.82 - 0.8 * 0.5 ** (s / 300))
    assert RULE.evaluate(make_run(blind() | {signal: probes(value)})).status is Status.NOT_DETECTED


def test_inverted_scores_far_apart_are_left_to_gd008(make_run: MakeRun) -> None:
    inverted = {"d_auc": probes(0.0), "d_logit_gap": probes(-41.0)}
    assert RULE.evaluate(make_run(blind() | inverted)).status is Status.NOT_DETECTED
    never_trained = {"d_auc": probes(0.0), "d_logit_gap": probes(-0.03)}
    assert RULE.evaluate(make_run(blind() | never_trained)).status is Status.DETECTED
    unknown_gap = {k: v for k, v in blind().items() if k != "d_logit_gap"} | {"d_auc": probes(0.0)}
    assert RULE.evaluate(make_run(unknown_gap)).status is Status.NOT_DETECTED


def test_look_alike_it_tells_them_in_training_mode(make_run: MakeRun) -> None:
    def accuracies(share: float) -> Signals:
        return {"d_real_accuracy_training": probes(share), "d_fake_accuracy_training": probes(share)}

    assert RULE.evaluate(make_run(blind() | accuracies(0.9))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(blind() | accuracies(0.55))).status is Status.DETECTED


@pytest.mark.parametrize("family", [None, "wasserstein", "hinge"])
def test_every_loss_family_is_judged(make_run: MakeRun, family: str | None) -> None:
    finding = RULE.evaluate(make_run(blind(), loss_family=family))
    assert finding.status is Status.DETECTED
    # 0.69 is no equilibrium of theirs.
    assert "d_loss" not in [e.signal for e in finding.evidence]


def test_a_few_probes_are_not_enough_and_a_past_one_is_less(make_run: MakeRun) -> None:
    few = blind() | {"d_auc": probes(lambda s: 0.5 if s % 60 == 0 else 0.9)}
    assert RULE.evaluate(make_run(few)).status is Status.NOT_DETECTED
    past = blind() | {"d_auc": probes(lambda s: 0.5 if 300 <= s <= 600 else 0.9)}
    finding = RULE.evaluate(make_run(past))
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (300, 600)


def test_missing_signals(make_run: MakeRun) -> None:
    without_auc = {k: v for k, v in blind().items() if k != "d_auc"}
    assert "d_auc" in str(RULE.evaluate(make_run(without_auc)).reason)
    without_samples = {k: v for k, v in blind().items() if k not in ("sample_kid", "sample_autocorrelation")}
    assert "no reals to compare with" in str(RULE.evaluate(make_run(without_samples)).reason)
    assert "no reals to compare with" in str(RULE.evaluate(make_run(blind(), real_count=0)).reason)
    one = {k: v for k, v in blind().items() if k != "sample_kid"}
    assert RULE.evaluate(make_run(one)).status is Status.DETECTED


def test_warm_up(make_run: MakeRun) -> None:
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in blind().items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)


def test_causes(make_run: MakeRun) -> None:
    def first(more: Signals, **fields: Any) -> str:
        finding = RULE.evaluate(make_run(blind() | more, **fields))
        assert all("This run: " in str(cause.test) for cause in finding.causes)
        return finding.causes[0].id

    moving = {"d_update_in_d_step": probes(0.2), "d_update_ratio": probes(4e-3), "d_update_in_g_step": probes(0.0)}
    assert first(moving | {"d_update_in_d_step": probes(0.0), "d_update_ratio": probes(0.0)}) == "discriminator-frozen"
    assert first(moving | {"d_update_ratio": probes(2e-7)}) == "discriminator-hardly-moves"
    assert first(moving | {"d_update_in_g_step": probes(0.1)}) == "discriminator-moved-in-both-steps"
    assert first(moving | {"d_auc": probes(0.3)}) == "labels-disagree"
    layers = [LayerCard(name="dropout", type="Dropout", settings={"rate": 0.9})]
    card = PlayerCard(name="discriminator", layers=layers, parameters=1000)
    assert first(moving, discriminator=card) == "too-much-dropout"
    small = PlayerCard(name="discriminator", parameters=1000)
    large = PlayerCard(name="generator", parameters=200_000)
    assert first(moving, discriminator=small, generator=large) == "discriminator-too-small"
