"""GD409."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from recorded_runs import every_step, healthy, probes

from gandoctor.diagnosis import diagnose
from gandoctor.measures import null_bands
from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.store import Run, RunWriter, load_run

RULE = find_rule("GD409")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def falling(step: int) -> float:
    """A kernel distance on its way down to 0.3."""
    return 0.3 + 8.0 * float(np.exp(-step / 100))


def lost(step: int, since: int = 600, late: float = 1.2) -> float:
    """It is kept until a step and lost within 40."""
    return falling(step) + (late - 0.3) * float(np.clip((step - since) / 40, 0, 1))


def scatter(level: Callable[[int], float], seed: int, by: float = 0.3) -> dict[int, float]:
    """Probes around a level, as noisy as those of a real run."""
    rng = np.random.default_rng(seed)
    return {s: v * float(np.exp(by * rng.standard_normal())) for s, v in probes(level).items()}


def judged(run: Run) -> Finding:
    return RULE.evaluate(run)


@pytest.mark.parametrize("seed", range(3))
def test_lost_quality_is_found_with_its_best_step(make_run: MakeRun, seed: int) -> None:
    finding = judged(make_run(healthy() | {"sample_kid": scatter(lost, seed, by=0.15)}))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert finding.first_step is not None
    assert 600 <= finding.first_step <= 700
    assert finding.last_step == 1000
    (evidence,) = finding.evidence
    assert evidence.statement.facts["step"] == pytest.approx(500, abs=120)
    assert evidence.observed == pytest.approx(1.2, rel=0.3)
    assert "random convolutional embedding" in str(evidence.statement)


def test_how_many_times_worse(make_run: MakeRun) -> None:
    steps = {s: 0.4 if s <= 500 else 1.2 for s in probes(0.0)}
    facts = judged(make_run(healthy() | {"sample_kid": steps})).evidence[0].statement.facts
    wanted = {"distance": 0.4, "now": 1.2, "times": 3.0, "since": 520}
    assert {name: facts[name] for name in wanted} == pytest.approx(wanted)


def test_as_bad_as_at_the_start_is_critical(make_run: MakeRun) -> None:
    start = float(np.median([falling(s) for s in range(20, 221, 20)]))
    finding = judged(make_run(healthy() | {"sample_kid": probes(lambda s: lost(s, late=1.1 * start))}))
    assert finding.severity is Severity.CRITICAL
    assert "That is no better than at the start." in str(finding.evidence[0].statement)


def test_samples_that_are_no_longer_finite(make_run: MakeRun) -> None:
    """Their kernel distance cannot be taken and is not recorded."""
    signals = healthy() | {
        "sample_kid": {s: v for s, v in probes(falling).items() if s <= 700},
        "sample_mean": probes(lambda s: 0.12 if s <= 700 else float("nan")),
    }
    run = make_run(signals)
    finding = judged(run)
    assert finding.severity is Severity.CRITICAL
    assert finding.first_step == 720
    assert "They have not been finite since step 720." in str(finding.evidence[0].statement)
    assert finding.causes[0].id == "exploding-updates"
    json.loads(diagnose(run, [RULE]).to_json())


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "level",
    [falling, lambda s: 0.3, lambda s: 3.0 - 0.002 * s],
    ids=["falling", "plateau", "slow"],
)
def test_noise_around_a_healthy_course(make_run: MakeRun, level: Callable[[int], float], seed: int) -> None:
    assert judged(make_run(healthy() | {"sample_kid": scatter(level, seed)})).status is Status.NOT_DETECTED


def test_healthy_run_and_reals_themselves(make_run: MakeRun) -> None:
    assert judged(make_run(healthy())).status is Status.NOT_DETECTED
    rng = np.random.default_rng(0)
    perfect = {s: float(rng.normal(0.0, 0.023)) for s in probes(0.0)}
    assert judged(make_run(healthy() | {"sample_kid": perfect})).status is Status.NOT_DETECTED


LOOK_ALIKES: dict[str, Callable[[int], float]] = {
    "one lucky probe": lambda s: 0.01 if s == 300 else 0.5,
    "two lucky probes": lambda s: 0.01 if s in (300, 320) else 0.5,
    "an excursion it came back from": lambda s: 2.0 if 500 <= s <= 700 else falling(s),
    "one bad probe at the end": lambda s: 3.0 if s == 1000 else falling(s),
    "never good": lambda s: 5.0,
}


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_look_alikes(make_run: MakeRun, name: str) -> None:
    assert judged(make_run(healthy() | {"sample_kid": probes(LOOK_ALIKES[name])})).status is Status.NOT_DETECTED


def swinging(step: int, late: float) -> float:
    """Twice as bad around step 300 as before and after; from step 700 on so many times the 0.3 of its best."""
    return 0.3 * late if step > 700 else 0.8 if 200 < step <= 420 else 0.4 if step <= 200 else 0.3


def test_a_run_that_has_swung_before_must_swing_further(make_run: MakeRun) -> None:
    calm = healthy() | {"sample_kid": probes(lambda s: 0.3 * 4 if s > 700 else 0.3)}
    assert judged(make_run(calm)).status is Status.DETECTED
    assert judged(make_run(healthy() | {"sample_kid": probes(lambda s: swinging(s, 4))})).status is Status.NOT_DETECTED
    assert judged(make_run(healthy() | {"sample_kid": probes(lambda s: swinging(s, 6))})).status is Status.DETECTED


def test_the_losses_have_no_say(make_run: MakeRun) -> None:
    """Losses that look better than ever, or worse, change nothing: neither way."""
    losses = {"d_loss": every_step(lambda s: 0.1 if s < 600 else 0.69), "g_loss": every_step(lambda s: 9.0 - 0.008 * s)}
    assert judged(make_run(healthy() | losses | {"sample_kid": probes(lost)})).status is Status.DETECTED
    worse = {"d_loss": every_step(lambda s: 0.69 if s < 600 else 0.01), "g_loss": every_step(lambda s: 0.01 * s)}
    assert judged(make_run(healthy() | worse)).status is Status.NOT_DETECTED


def test_a_few_standard_deviations_of_the_null_are_not_enough(make_run: MakeRun) -> None:
    """Many times a distance of nearly nothing is still nothing."""
    std = null_bands(make_run(healthy()))["sample_kid"].std

    def status(sigmas: float) -> Status:
        signals = {"sample_kid": probes(lambda s: 0.001 if s <= 500 else 0.001 + sigmas * std)}
        return judged(make_run(healthy() | signals)).status

    assert status(5.5) is Status.NOT_DETECTED
    assert status(6.5) is Status.DETECTED


def test_both_spaces_tell(make_run: MakeRun) -> None:
    both = healthy() | {"sample_kid": probes(lost), "sample_class_kid": probes(lost)}
    finding = judged(make_run(both))
    assert [e.signal for e in finding.evidence] == ["sample_kid", "sample_class_kid"]
    assert "digit classifier" in str(finding.evidence[1].statement)


def test_one_space_is_enough_if_the_other_does_not_contradict(make_run: MakeRun) -> None:
    grain = healthy() | {"sample_kid": probes(lost), "sample_class_kid": probes(lambda s: max(0.2, 1 - s / 500))}
    assert [e.signal for e in judged(make_run(grain)).evidence] == ["sample_kid"]
    better = grain | {"sample_class_kid": probes(lambda s: 1.2 - s / 1000)}
    assert judged(make_run(better)).status is Status.NOT_DETECTED
    digits = healthy() | {"sample_kid": probes(0.45), "sample_class_kid": probes(lost)}
    assert [e.signal for e in judged(make_run(digits)).evidence] == ["sample_class_kid"]


def test_it_says_whether_the_weights_were_kept(make_run: MakeRun) -> None:
    run = make_run(healthy() | {"sample_kid": probes(lost)})
    assert "kept" not in judged(run).evidence[0].statement.facts
    writer = RunWriter(run.path / "kept", run.manifest)
    for step in probes(0.0):
        writer.record(step, {"sample_kid": lost(step)})
    for step in (300, 560):
        writer.event("checkpoint", step, keeper="BestGenerator", metric="sample_kid", value=0.3, path="x.weights.h5")
    np.savez_compressed(run.path / "kept" / "samples" / "reals.npz", reals=run.reals)
    writer.close("completed")
    assert judged(load_run(run.path / "kept")).evidence[0].statement.facts["kept"] == 560


def test_missing_signal_warm_up_and_reals(make_run: MakeRun) -> None:
    without = {name: series for name, series in healthy().items() if name != "sample_kid"}
    assert "sample_kid" in str(judged(make_run(without)).reason)
    sick = healthy() | {"sample_kid": probes(lambda s: 0.3 if s <= 60 else 3.0)}

    def until(step: int) -> Signals:
        return {name: {s: v for s, v in series.items() if s <= step} for name, series in sick.items()}

    assert "warm-up" in str(judged(make_run(until(140))).reason)
    assert "after warm-up" in str(judged(make_run(until(320))).reason)
    assert "real images" in str(judged(make_run(sick, real_count=0)).reason)


def changed(before: float, after: float) -> dict[int, float]:
    return probes(lambda s: before if s < 600 else after)


CAUSES: dict[str, Signals] = {
    "collapsed-later": {"sample_duplicate_pairs": changed(2, 800), "sample_coverage": changed(0.5, 0.1)},
    "exploding-updates": {"g_update_ratio": changed(2e-3, 0.3)},
    "discriminator-overfits": {
        "d_real_logit": probes(2.0),
        "d_holdout_logit": changed(1.9, 0.5),
        "d_fake_logit": probes(-2.0),
    },
    "discriminator-learns-faster": {"d_logit_gap": changed(2.0, 25.0)},
    "chasing-the-discriminator": {"sample_step_distance": probes(5.0), "sample_return_distance": probes(2.0)},
    "learning-rate-too-high-late": {"d_learning_rate": probes(2e-4), "g_learning_rate": probes(1e-4)},
}


@pytest.mark.parametrize("cause", CAUSES)
def test_causes_are_ranked_by_what_began_after_the_best_step(make_run: MakeRun, cause: str) -> None:
    quiet = healthy() | {"sample_kid": probes(lost)}
    finding = judged(make_run(quiet | CAUSES[cause]))
    assert finding.causes[0].id == cause
    assert {c.id for c in finding.causes} == set(CAUSES)


def test_rates_that_fell_are_not_to_blame(make_run: MakeRun) -> None:
    rates = {f"{player}_learning_rate": probes(lambda s: 2e-4 * (1 - s / 1001)) for player in "dg"}
    finding = judged(make_run(healthy() | {"sample_kid": probes(lost)} | rates))
    assert finding.causes[-1].score <= 0.05
    assert next(c.score for c in finding.causes if c.id == "learning-rate-too-high-late") == 0.05
