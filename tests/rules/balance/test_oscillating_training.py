"""GD303."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gandoctor.measures.trajectory import Trajectory
from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD303")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def converging() -> Signals:
    """Healthy: images move less and less and never return."""
    return healthy() | {
        "sample_step_distance": probes(lambda s: 4.0 * 0.5 ** (s / 300)),
        "sample_return_distance": probes(lambda s: 6.0 * 0.5 ** (s / 300)),
    }


def returning(onset: int = 400) -> Signals:
    base = converging()
    step, back = base["sample_step_distance"], base["sample_return_distance"]
    return base | {
        "sample_step_distance": {s: 5.0 if s >= onset else v for s, v in step.items()},
        "sample_return_distance": {s: 1.5 if s >= onset else v for s, v in back.items()},
    }


def walked(images_at: Callable[[int], np.ndarray]) -> Signals:
    """What the monitor's own measure says of images over 50 probes."""
    trajectory, found = Trajectory(), {}
    for step in range(20, 1001, 20):
        found[step] = trajectory.add(images_at(step))
    names = ("sample_step_distance", "sample_return_distance")
    return converging() | {n: {s: v[n] for s, v in found.items() if n in v} for n in names}


def circle(period: float, radius: float = 0.25, jitter: float = 0.0) -> Callable[[int], np.ndarray]:
    rng = np.random.default_rng(0)
    axes = rng.choice([-1.0, 1.0], (2, 32, 28, 28, 1))

    def images_at(step: int) -> np.ndarray:
        angle = 2 * math.pi * step / period
        moved = radius * (axes[0] * math.cos(angle) + axes[1] * math.sin(angle)) / math.sqrt(2)
        return 0.5 + moved + jitter * rng.standard_normal(axes[0].shape)

    return images_at


def swinging(period: float = 100.0, quality: float = 0.5, name: str = "g_loss") -> Signals:
    rng = np.random.default_rng(3)
    return converging() | {
        name: every_step(lambda s: 1.5 + 0.6 * math.sin(2 * math.pi * s / period) + float(rng.normal(0, 0.3))),
        "sample_kid": probes(lambda s: 2.0 * math.exp(quality * math.sin(2 * math.pi * s / period + 1))),
    }


def test_images_that_return_are_found_where_it_began(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(returning()))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (400, 1000)
    (evidence,) = finding.evidence
    assert evidence.signal == "sample_return_distance"
    assert (evidence.observed, evidence.threshold) == (1.5, 3.0)
    assert evidence.statement.facts["step"] == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize("period", [90.0, 127.0])
def test_a_limit_cycle_as_the_monitor_measures_it(make_run: MakeRun, period: float) -> None:
    assert RULE.evaluate(make_run(walked(circle(period)))).status is Status.DETECTED


def test_healthy_run(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(converging())).status is Status.NOT_DETECTED


def test_look_alike_jitter_about_one_place(make_run: MakeRun) -> None:
    jitter = walked(circle(90.0, radius=0.0, jitter=0.2))
    assert jitter["sample_step_distance"][1000] > 5
    assert RULE.evaluate(make_run(jitter)).status is Status.NOT_DETECTED


def test_look_alike_small_circles(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(walked(circle(90.0, radius=0.03)))).status is Status.NOT_DETECTED


def test_look_alike_a_random_walk(make_run: MakeRun) -> None:
    rng = np.random.default_rng(1)
    place = np.full((32, 28, 28, 1), 0.5)

    def images_at(step: int) -> np.ndarray:
        nonlocal place
        place = np.clip(place + 0.12 * rng.standard_normal(place.shape), 0, 1)
        return place

    walk = walked(images_at)
    assert walk["sample_step_distance"][1000] > 2.6
    assert RULE.evaluate(make_run(walk)).status is Status.NOT_DETECTED


def test_one_probe_that_returns_is_no_cycle(make_run: MakeRun) -> None:
    signals = converging()
    signals["sample_step_distance"] |= {600: 6.0, 620: 6.0}
    signals["sample_return_distance"] |= {620: 0.5}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_circles_that_ended_are_only_noted(make_run: MakeRun) -> None:
    signals = returning(300)
    for name in ("sample_step_distance", "sample_return_distance"):
        signals[name] |= {s: v for s, v in converging()[name].items() if s > 600}
    finding = RULE.evaluate(make_run(signals))
    assert finding.severity is Severity.INFO
    assert (finding.first_step, finding.last_step) == (300, 600)


@pytest.mark.parametrize("name", ["g_loss", "d_loss"])
def test_loss_and_samples_that_swing_together(make_run: MakeRun, name: str) -> None:
    finding = RULE.evaluate(make_run(swinging(name=name)))
    assert finding.status is Status.DETECTED
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.first_step, evidence.last_step) == (name, 300, 1000)
    assert evidence.statement.facts["period"] == pytest.approx(100, abs=3)


def test_a_cycle_that_began_half_way_through(make_run: MakeRun) -> None:
    signals = swinging(period=80.0)
    quiet = converging()
    for name in ("g_loss", "sample_kid"):
        signals[name] = {s: v if s >= 570 else quiet[name][s] + 9 * (s < 200) for s, v in signals[name].items()}
    finding = RULE.evaluate(make_run(signals))
    assert finding.first_step == 650


def test_look_alike_a_loss_that_swings_alone(make_run: MakeRun) -> None:
    alone = swinging() | {"sample_kid": healthy()["sample_kid"]}
    assert RULE.evaluate(make_run(alone)).status is Status.NOT_DETECTED
    little = swinging(quality=0.05)
    assert RULE.evaluate(make_run(little)).status is Status.NOT_DETECTED
    other = swinging() | {"sample_kid": probes(lambda s: 2.0 * math.exp(0.5 * math.sin(2 * math.pi * s / 230)))}
    assert RULE.evaluate(make_run(other)).status is Status.NOT_DETECTED
    within_null = swinging() | {"sample_kid": probes(lambda s: 0.02 + 0.02 * math.sin(2 * math.pi * s / 100))}
    assert RULE.evaluate(make_run(within_null)).status is Status.NOT_DETECTED


def test_look_alike_noisy_losses(make_run: MakeRun) -> None:
    rng = np.random.default_rng(0)
    noisy = swinging() | {"g_loss": every_step(lambda s: float(rng.normal(1.5, 1.0)))}
    assert RULE.evaluate(make_run(noisy)).status is Status.NOT_DETECTED
    hardly = every_step(lambda s: 1.5 + 0.3 * math.sin(2 * math.pi * s / 100) + float(rng.normal(0, 1)))
    assert RULE.evaluate(make_run(swinging() | {"g_loss": hardly})).status is Status.NOT_DETECTED


def test_a_critics_loss_is_not_looked_at_but_its_generators_images_are(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(swinging(), loss_family="wasserstein")).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(returning(), loss_family="wasserstein")).status is Status.DETECTED
    assert RULE.evaluate(make_run(swinging(), loss_family=None)).status is Status.DETECTED


@pytest.mark.parametrize("missing", ["sample_step_distance", "sample_return_distance"])
def test_missing_signal(make_run: MakeRun, missing: str) -> None:
    finding = RULE.evaluate(make_run({k: v for k, v in returning().items() if k != missing}))
    assert f"{missing} was not recorded" in str(finding.reason)
    without = {k: v for k, v in swinging().items() if k != missing}
    assert RULE.evaluate(make_run(without)).status is Status.DETECTED  # the losses tell


def test_missing_reals_and_warm_up(make_run: MakeRun) -> None:
    assert "Too few real images" in str(RULE.evaluate(make_run(returning(), real_count=0)).reason)
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in returning(0).items()}
    assert "warm-up" in str(RULE.evaluate(make_run(young)).reason)


def test_causes(make_run: MakeRun) -> None:
    def ranked(more: Signals, **fields: Any) -> dict[str, float]:
        finding = RULE.evaluate(make_run(returning() | more, **fields))
        assert all("This run: " in str(cause.test) for cause in finding.causes)
        return {cause.id: cause.score for cause in finding.causes}

    def first(more: Signals, **fields: Any) -> str:
        return next(iter(ranked(more, **fields)))

    rng = np.random.default_rng(0)
    in_order = {"real_mean": every_step(lambda s: 0.13 + 0.02 * math.sin(2 * math.pi * s / 156))}
    shuffled = {"real_mean": every_step(lambda s: float(rng.normal(0.13, 0.01)))}
    assert first(in_order) == "loader-order"
    assert ranked(shuffled)["loader-order"] < 0.1
    restarts = {"d_learning_rate": probes(lambda s: 2e-4 * (1 - (s % 200) / 250))}
    assert first(shuffled | restarts) == "schedule-cycles"
    decay = {"d_learning_rate": probes(lambda s: 2e-4 / (1 + 1e-3 * s))}
    assert ranked(shuffled | decay)["schedule-cycles"] < 0.1
    adam = PlayerCard(name="generator", optimizer={"type": "Adam", "beta_1": 0.9})
    assert first(shuffled, generator=adam) == "too-much-momentum"
    calm = PlayerCard(name="generator", optimizer={"type": "Adam", "beta_1": 0.5})
    assert first(shuffled, generator=calm) == "chasing-the-discriminator"
    large = {"g_update_ratio": probes(0.05)}
    assert first(shuffled | large, generator=calm) == "learning-rates-too-large"
    hopping = {f"sample_class_share/{d}": probes(lambda s, d=d: float((s // 20) % 2 == d)) for d in (0, 1)}
    assert first(shuffled | large | hopping, generator=calm) == "chasing-the-discriminator"
