"""GD204."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.gradients.dead_units import LIMITS
from gandoctor.rules.hypothesis import NOT_RECORDED
from gandoctor.store import LatentCard, LayerCard, PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD204")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def dead(d: float | Callable[[int], float], g: float | Callable[[int], float] = 0.02) -> Signals:
    return healthy() | {"d_dead_units": probes(d), "g_dead_units": probes(g)}


def dying(to: float, onset: int = 400, of: float = 0.04) -> Callable[[int], float]:
    return lambda s: to if s >= onset else of


@pytest.mark.parametrize(("to", "severity"), [(0.35, Severity.WARNING), (0.8, Severity.CRITICAL)])
def test_dead_units_are_found_where_they_died(make_run: MakeRun, to: float, severity: Severity) -> None:
    finding = RULE.evaluate(make_run(dead(dying(to))))
    assert finding.status is Status.DETECTED
    assert finding.severity is severity
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.observed, evidence.threshold) == ("d_dead_units", to, LIMITS.share)
    assert (evidence.first_step, evidence.last_step) == (400, 1000)
    assert evidence.statement.values["before"] == 0.04
    assert str(evidence.statement) == (
        f"{to:.0%} of the discriminator's ReLU units are 0 for every input of a probe, from step 400 to 1000. In the "
        "first probe it was 4%."
    )


def test_the_generators_too(make_run: MakeRun) -> None:
    assert [e.signal for e in RULE.evaluate(make_run(dead(0.0, dying(0.5)))).evidence] == ["g_dead_units"]


def test_healthy_and_look_alikes(make_run: MakeRun) -> None:
    began_so = dead(0.33)  # as many as in the first probe
    passing = dead(lambda s: 0.9 if s in (500, 520) else 0.05)
    early = dead(lambda s: 0.9 if s <= 120 else 0.05)
    for signals in (dead(0.0), dead(0.05), dead(dying(0.25)), began_so, passing, early):
        assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_dead_from_the_start_counts_if_it_is_most_of_them(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(dead(0.75))).severity is Severity.CRITICAL
    assert RULE.evaluate(make_run(dead(0.6))).status is Status.NOT_DETECTED


def test_units_that_came_back_are_one_notch_less(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(dead(lambda s: 0.5 if 400 <= s <= 600 else 0.05)))
    assert finding.severity is Severity.INFO
    assert (finding.first_step, finding.last_step) == (400, 600)


def test_look_alike_equal_latents_show_every_unit_at_one_value(make_run: MakeRun) -> None:
    signals = dead(0.02, dying(0.5))
    constant = LatentCard(shape=(100,), mean=0.0, std=0.0)
    assert RULE.evaluate(make_run(signals, latent=constant)).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run(signals | {"latent_spread": every_step(0.0)})).status is Status.NOT_EVALUATED
    assert RULE.evaluate(make_run(signals | {"latent_spread": every_step(0.57)})).status is Status.DETECTED


def test_leaky_networks_are_not_judged(make_run: MakeRun) -> None:
    reason = "the discriminator has no ReLU"
    finding = RULE.evaluate(make_run(healthy(), missing={"d_dead_units": reason}))
    assert finding.status is Status.NOT_EVALUATED
    assert finding.reason is not None
    assert finding.reason.facts["signal"] == "d_dead_units"
    assert reason in str(finding.reason)
    only_g = {k: v for k, v in dead(0.0, dying(0.5)).items() if k != "d_dead_units"}
    assert RULE.evaluate(make_run(only_g)).status is Status.DETECTED


def test_warm_up_and_too_few_probes(make_run: MakeRun) -> None:
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in dead(0.9).items()}
    assert RULE.evaluate(make_run(young)).status is Status.NOT_EVALUATED
    few = RULE.evaluate(make_run(healthy() | {"d_dead_units": {980: 0.9, 1000: 0.9}}))
    assert few.reason is not None
    assert few.reason.facts["seen"] == 2


def test_causes(make_run: MakeRun) -> None:
    def first(signals: Signals, **fields: object) -> str:
        causes = RULE.evaluate(make_run(signals, **fields)).causes
        assert causes[0].score > causes[1].score
        assert causes[0].test.values["shown"] is not NOT_RECORDED
        return causes[0].id

    jump = dead(dying(0.5)) | {"d_update_ratio": probes(lambda s: 0.3 if 360 < s <= 420 else 3e-3)}
    assert first(jump) == "exploding-updates"
    creeping = dead(lambda s: 0.6 * s / 1000)
    bare = PlayerCard(name="discriminator", layers=[LayerCard(name="conv", type="Conv2D", parameters=9)])
    assert first(creeping, discriminator=bare) == "unnormalised-discriminator"
    norm = LayerCard(name="norm", type="BatchNormalization", parameters=9)
    with_norm = PlayerCard(name="discriminator", layers=[*bare.layers, norm])
    assert first(creeping, discriminator=with_norm) == "relu-without-leak"
    weights = [LayerCard(name=f"conv{i}", type="Conv2DTranspose", parameters=9) for i in range(4)]
    generator = PlayerCard(name="generator", layers=weights)
    blank = {"sample_std": probes(0.001)}
    assert first(dead(0.0, lambda s: 0.6 * s / 1000) | blank, generator=generator) == "no-batch-norm"
