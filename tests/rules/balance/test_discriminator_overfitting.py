"""GD304."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import DataCard, LayerCard, PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD304")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def scores(share: Callable[[int], float], spread: float = 1.0, separation: float = 4.0, fake: float = -2.0) -> Signals:
    """Mean logits with a spread and a separation, held-out reals on their way to the fakes."""
    gap = separation * spread
    return {
        "d_real_logit": probes(fake + gap),
        "d_holdout_logit": probes(lambda s: fake + gap - share(s) * gap),
        "d_fake_logit": probes(fake),
        "d_logit_gap": probes(gap),
        "d_prime": probes(separation),
    }


def overfitted(onset: int = 400, **fields: float) -> Signals:
    return healthy() | scores(lambda s: 0.2 + (s - onset) / 2000 if s >= onset else 0.01, **fields)


def test_overfitting_is_found_where_it_began(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(overfitted()))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    (evidence,) = finding.evidence
    assert evidence.signal == "d_holdout_logit"
    assert evidence.observed == pytest.approx(0.6)
    assert evidence.threshold == pytest.approx(1.6)
    facts = evidence.statement.facts
    assert (facts["real"], facts["fake"]) == (2, -2)
    assert [facts[name] for name in ("share", "early", "late")] == pytest.approx([0.35, 0.27, 0.43], abs=0.005)


def test_healthy(make_run: MakeRun) -> None:
    rng = np.random.default_rng(0)
    noisy = healthy() | scores(lambda s: float(rng.normal(0, 0.03)))
    assert RULE.evaluate(make_run(noisy)).status is Status.NOT_DETECTED


def test_held_out_images_that_score_higher_are_no_overfitting(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(healthy() | scores(lambda s: -0.4))).status is Status.NOT_DETECTED


def test_look_alike_ratio_of_two_small_numbers(make_run: MakeRun) -> None:
    """The best run: it separates by so little that r_v is anything."""
    assert RULE.evaluate(make_run(overfitted(separation=0.6))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(healthy() | scores(lambda s: 9.0, separation=0.03))).status is Status.NOT_DETECTED


def test_weak_discriminator_that_knows_its_images(make_run: MakeRun) -> None:
    """To it, other reals are as good as generated."""
    assert RULE.evaluate(make_run(healthy() | scores(lambda s: 1.0, separation=0.8))).status is Status.DETECTED


def test_look_alike_difference_that_chance_explains(make_run: MakeRun) -> None:
    """0.2 of a separation of 2 is 0.4 standard deviations: two draws of 64 images differ by that."""
    assert RULE.evaluate(make_run(healthy() | scores(lambda s: 0.2, separation=2.0))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(healthy() | scores(lambda s: 0.2, separation=4.0))).status is Status.DETECTED


def test_look_alike_strong_discriminator(make_run: MakeRun) -> None:
    """Many standard deviations between the reals, yet a small part of the way to the fakes."""
    assert RULE.evaluate(make_run(healthy() | scores(lambda s: 0.06, separation=20.0))).status is Status.NOT_DETECTED


@pytest.mark.parametrize("spread", [1e-3, 1.0, 500.0])
@pytest.mark.parametrize("family", ["wasserstein", None])
def test_the_scale_of_the_scores_does_not_matter(make_run: MakeRun, spread: float, family: str | None) -> None:
    assert RULE.evaluate(make_run(overfitted(spread=spread), loss_family=family)).first_step == 400


def test_reals_may_score_low(make_run: MakeRun) -> None:
    signals = overfitted()
    signals |= {name: {s: -v for s, v in signals[name].items()} for name in signals if name.endswith("_logit")}
    assert RULE.evaluate(make_run(signals, real_is_high=False)).first_step == 400


def test_inverted_scores_are_no_overfitting(make_run: MakeRun) -> None:
    signals = overfitted()
    signals |= {
        name: {s: -v for s, v in signals[name].items()}
        for name in signals
        if name.startswith("d_") and name != "d_loss"
    }
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_a_share_that_fell_again_is_only_noted(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(healthy() | scores(lambda s: 0.3 if 300 <= s <= 500 else 0.0)))
    assert finding.severity is Severity.INFO
    assert (finding.first_step, finding.last_step) == (300, 500)


@pytest.mark.parametrize("missing", ["d_real_logit", "d_holdout_logit", "d_fake_logit", "d_prime"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    signals = {k: v for k, v in overfitted().items() if k != missing}
    assert missing in str(RULE.evaluate(make_run(signals)).reason)


def test_why_there_is_no_holdout_is_said(make_run: MakeRun) -> None:
    signals = {k: v for k, v in overfitted().items() if k != "d_holdout_logit"}
    run = make_run(signals, missing={"d_holdout_logit": "no holdout_data was passed"})
    assert "no holdout_data was passed" in str(RULE.evaluate(run).reason)


def test_warm_up(make_run: MakeRun) -> None:
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in overfitted(0).items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)


def card_of(count: int, distinct: int | None) -> DataCard:
    return DataCard(
        shape=(28, 28, 1),
        dtype="float32",
        minimum=0,
        maximum=1,
        mean=0.13,
        std=0.3,
        probe_count=count,
        distinct_count=distinct,
    )


def test_causes(make_run: MakeRun) -> None:
    def ranked(more: Signals | None = None, **fields: Any) -> dict[str, float]:
        finding = RULE.evaluate(make_run(overfitted() | (more or {}), **fields))
        assert all("This run: " in str(cause.test) for cause in finding.causes)
        return {cause.id: cause.score for cause in finding.causes}

    def first(more: Signals | None = None, **fields: Any) -> str:
        return next(iter(ranked(more, **fields)))

    few = {"training_images": 64}
    many = {"training_images": 60_000}
    assert first(declared=few) == "too-few-images"
    assert ranked(declared=many)["too-few-images"] < 0.2
    assert first(data=card_of(512, 64)) == "too-few-images"
    assert ranked(data=card_of(512, 512))["too-few-images"] == 0.5
    repeated = {"real_mean": every_step(0.13), "real_spread": every_step(0.2)}
    assert first(repeated, declared=many) == "loader-repeats"
    turns = {"real_mean": every_step(lambda s: 0.1 + s % 4), "real_spread": every_step(0.2)}
    assert first(turns, declared=many) == "loader-repeats"
    rng = np.random.default_rng(0)
    fresh = {"real_mean": every_step(lambda s: float(rng.normal(0.13, 0.01))), "real_spread": every_step(0.2)}
    assert ranked(fresh)["loader-repeats"] < 0.1
    assert first(scores(lambda s: 0.3), declared=many) == "holdout-differs"
    bare = PlayerCard(name="discriminator", layers=[LayerCard(name="conv", type="Conv2D")], parameters=68_545)
    assert first(declared=many, discriminator=bare) == "discriminator-unregularised"
    layers = [LayerCard(name="dropout", type="Dropout", settings={"rate": 0.4})]
    wide = PlayerCard(name="discriminator", layers=layers, parameters=4_311_553)
    assert first(declared=many, discriminator=wide) == "discriminator-too-large"
