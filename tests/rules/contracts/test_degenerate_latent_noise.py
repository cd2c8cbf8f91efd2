"""GD007."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.rules.contracts.degenerate_latent_noise import Repetition
from gandoctor.store import LatentCard, Run
from gandoctor.treatments import prescribe
from support.recorded_runs import every_step
from support.said import values_of

RULE = find_rule("GD007")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]

BATCH, DIMENSION = 32, 100


def fresh(scale: float = 1.0, stop: int = 400, seed: int = 0) -> Signals:
    """Mean and spread of uniform latents drawn anew in every step."""
    rng = np.random.default_rng(seed)
    draws = [rng.uniform(-scale, scale, (BATCH, DIMENSION)) for _ in range(stop)]
    return {
        "latent_mean": {s + 1: float(z.mean()) for s, z in enumerate(draws)},
        "latent_spread": {s + 1: float(z.std(axis=0).mean()) for s, z in enumerate(draws)},
    }


def patched(base: Signals, mean: Mapping[int, float], spread: Mapping[int, float], **more: Any) -> Signals:
    return {
        **base,
        "latent_mean": base["latent_mean"] | dict(mean),
        "latent_spread": base["latent_spread"] | dict(spread),
        **more,
    }


def first_cure(finding: Finding) -> str:
    causes = {cause.id: cause.score for cause in finding.causes}
    # Drawn on [-1, 1] according to its settings, as the reference model with its fault is.
    return prescribe(RULE.treatments, causes, {"latent": {"low": -1.0, "high": 1.0}})[0].id


def test_fresh_latents(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(fresh())).status is Status.NOT_DETECTED


def test_zeros_are_found_from_the_second_step(make_run: MakeRun) -> None:
    run = make_run({"latent_mean": every_step(0.0, stop=2), "latent_spread": every_step(0.0, stop=2)})
    finding = RULE.evaluate(run)
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, 2)
    assert str(finding.evidence[0].statement) == (
        "Every image of a batch was given the same latent in 2 successive steps, from step 1 to 2."
    )
    assert finding.causes[0].id == "degenerate-latents"
    assert first_cure(finding) == "vary-latents"


def test_zeros_that_begin_mid_run(make_run: MakeRun) -> None:
    zeros = every_step(0.0, start=300, stop=400)
    finding = RULE.evaluate(make_run(patched(fresh(), zeros, zeros)))
    assert (finding.first_step, finding.last_step) == (300, 400)
    assert [e.signal for e in finding.evidence] == ["latent_spread", "latent_mean"]
    assert finding.severity is Severity.CRITICAL


def test_zeros_that_ended_are_less(make_run: MakeRun) -> None:
    zeros = every_step(0.0, start=100, stop=200)
    finding = RULE.evaluate(make_run(patched(fresh(), zeros, zeros)))
    assert finding.severity is Severity.WARNING
    assert str(finding.evidence[0].statement).endswith("It ended after step 200.")


def test_one_latent_for_the_whole_batch_drawn_anew_each_step(make_run: MakeRun) -> None:
    shared = fresh() | {"latent_spread": every_step(6e-8, stop=400), "real_spread": every_step(0.2, stop=400)}
    finding = RULE.evaluate(make_run(shared))
    assert finding.severity is Severity.CRITICAL
    assert [e.signal for e in finding.evidence] == ["latent_spread"]
    del shared["real_spread"]  # then a batch may be a single image
    finding = RULE.evaluate(make_run(shared))
    assert finding.severity is Severity.WARNING
    assert "single image" in str(finding.evidence[0].statement)


def test_look_alike_batches_of_a_single_image(make_run: MakeRun) -> None:
    single = fresh() | {"latent_spread": every_step(0.0, stop=400), "real_spread": every_step(0.0, stop=400)}
    assert RULE.evaluate(make_run(single)).status is Status.NOT_DETECTED


def test_look_alike_the_last_batch_of_an_epoch_is_a_single_image(make_run: MakeRun) -> None:
    last = dict.fromkeys(range(50, 401, 50), 0.0)
    assert RULE.evaluate(make_run(patched(fresh(), {}, last))).status is Status.NOT_DETECTED


def test_the_same_batch_every_step(make_run: MakeRun) -> None:
    first = fresh(stop=1)
    again = {name: every_step(series[1], stop=400) for name, series in first.items()}
    finding = RULE.evaluate(make_run(again))
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, 400)
    [evidence] = finding.evidence
    assert evidence.signal == "latent_mean"
    assert values_of(evidence.statement) == {"steps": 400, "first": 1, "last": 400}
    assert evidence.detail == Repetition(within=False, between=True)
    assert finding.causes[0].id == "seed-reset"
    assert first_cure(finding) == "vary-latents"
    nine = {name: {s: v for s, v in series.items() if s <= 9} for name, series in again.items()}
    assert RULE.evaluate(make_run(nine)).status is Status.NOT_DETECTED


def test_the_same_batch_from_a_step_on(make_run: MakeRun) -> None:
    frozen = patched(fresh(), every_step(0.01, start=250, stop=400), every_step(0.57, start=250, stop=400))
    assert RULE.evaluate(make_run(frozen)).first_step == 250


def test_a_handful_of_batches(make_run: MakeRun) -> None:
    few = fresh(stop=5)
    cycling = {name: every_step(lambda s, v=series: v[1 + s % 5], stop=400) for name, series in few.items()}
    finding = RULE.evaluate(make_run(cycling))
    assert finding.severity is Severity.CRITICAL
    assert values_of(finding.evidence[0].statement)["batches"] == 5
    assert (finding.first_step, finding.last_step) == (1, 400)


def test_look_alike_an_epoch_of_latents_drawn_beforehand(make_run: MakeRun) -> None:
    bank = fresh(stop=100)
    cycling = {name: every_step(lambda s, v=series: v[1 + s % 100], stop=400) for name, series in bank.items()}
    assert RULE.evaluate(make_run(cycling)).status is Status.NOT_DETECTED


@pytest.mark.parametrize("scale", [0.01, 1e-4])
def test_look_alike_small_latents_are_only_mentioned(make_run: MakeRun, scale: float) -> None:
    finding = RULE.evaluate(make_run(fresh(scale)))
    assert finding.severity is Severity.INFO
    assert values_of(finding.evidence[0].statement)["spread"] == pytest.approx(0.577 * scale, rel=0.05)
    assert (finding.first_step, finding.last_step) == (1, 400)
    assert finding.causes[0].id == "degenerate-latents"
    assert finding.evidence[0].detail == Repetition(within=False, between=False)


@pytest.mark.parametrize("scale", [0.1, 0.3])
def test_latents_of_a_narrow_law(make_run: MakeRun, scale: float) -> None:
    assert RULE.evaluate(make_run(fresh(scale))).status is Status.NOT_DETECTED


def test_look_alike_labels_given_first(make_run: MakeRun) -> None:
    # Ten classes, the same balanced labels in every batch: mean 1/10 and spread sqrt(1/10 * 9/10), always.
    balanced = {"latent_mean": every_step(0.1, stop=400), "latent_spread": every_step(0.3, stop=400)}
    finding = RULE.evaluate(make_run(balanced))
    assert finding.status is Status.NOT_EVALUATED
    assert "labels" in str(finding.reason)
    # Constant latents of 0.1 are no labels.
    constant = {"latent_mean": every_step(0.1, stop=400), "latent_spread": every_step(0.0, stop=400)}
    assert RULE.evaluate(make_run(constant)).status is Status.DETECTED


def test_look_alike_each_batch_used_for_two_steps(make_run: MakeRun) -> None:
    pairs = {name: every_step(lambda s, v=series: v[(s + 1) // 2], stop=400) for name, series in fresh().items()}
    assert RULE.evaluate(make_run(pairs)).status is Status.NOT_DETECTED


def test_the_sampler_where_steps_cannot_be_seen(make_run: MakeRun) -> None:
    missing = {"latent_spread": "a hand-written loop"}
    losses = {"d_loss": every_step(0.5, stop=10)}

    def judged(card: LatentCard | None) -> Finding:
        return RULE.evaluate(make_run(losses, latent=card, missing=missing))

    zeros = judged(LatentCard(shape=(100,), minimum=0, maximum=0, mean=0, std=0, source="given"))
    assert zeros.severity is Severity.CRITICAL
    assert values_of(zeros.evidence[0].statement)["constant"] == 0
    assert zeros.causes[0].id == "degenerate-latents"
    varied = judged(LatentCard(shape=(100,), minimum=-1, maximum=1, mean=0, std=0.577, source="given"))
    assert varied.status is Status.NOT_EVALUATED
    assert values_of(varied.reason)["spread"] == 0.577
    guessed = judged(LatentCard(shape=(100,), minimum=0, maximum=0, mean=0, std=0, source="assumed"))
    assert guessed.status is Status.NOT_EVALUATED
    assert "a hand-written loop" in str(judged(None).reason)


def test_not_a_number_is_left_to_gd001(make_run: MakeRun) -> None:
    nan = float("nan")
    run = make_run({"latent_mean": every_step(nan, stop=20), "latent_spread": every_step(nan, stop=20)})
    assert RULE.evaluate(run).status is Status.NOT_EVALUATED
