"""GD203."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.rules.gradients.update_size_out_of_range import LIMITS
from gandoctor.rules.hypothesis import NOT_RECORDED
from gandoctor.signals import member_of
from gandoctor.store import PlayerCard, Run
from support.recorded_runs import every_step, healthy, probes

RULE = find_rule("GD203")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def ratios(g: float | Callable[[int], float], d: float | Callable[[int], float] = 3e-3) -> Signals:
    return healthy() | {"g_update_ratio": probes(g), "d_update_ratio": probes(d)}


def layers(player: str, values: list[float]) -> Signals:
    return {member_of(f"{player}_layer_update_ratio", f"layer{i}"): probes(v) for i, v in enumerate(values)}


def rates(g: float, d: float) -> Signals:
    """Learning rates that fall by these factors at step 500."""
    return {
        "g_learning_rate": probes(lambda s: 4e-4 * (g if s >= 500 else 1.0)),
        "d_learning_rate": probes(lambda s: 8e-4 * (d if s >= 500 else 1.0)),
    }


def test_a_player_as_good_as_frozen(make_run: MakeRun) -> None:
    """What a learning rate of 1e-7 gives."""
    finding = RULE.evaluate(make_run(ratios(lambda s: 3e-6 if s >= 500 else 1e-3)))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (500, 1000)
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.threshold) == ("g_update_ratio", LIMITS.smallest)
    assert evidence.statement.facts["steps"] == pytest.approx(1 / 3e-6)
    assert str(evidence.statement.values["first"]) == (
        "An update moves the generator's weights by 3.0e-6 of their size, from step 500 to 1000: at that pace it "
        "takes 3e5 steps to replace them."
    )


def test_updates_that_overwrite_a_player(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(ratios(1e-3, lambda s: 0.4 if s >= 300 else 0.02)))
    assert finding.severity is Severity.WARNING
    (evidence,) = finding.evidence
    assert (evidence.signal, evidence.threshold) == ("d_update_ratio", LIMITS.largest)
    assert (evidence.first_step, evidence.last_step) == (300, 1000)
    assert evidence.statement.facts["n"] == 2


@pytest.mark.parametrize("level", [7e-4, 4e-3, 0.04])
def test_healthy(make_run: MakeRun, level: float) -> None:
    assert RULE.evaluate(make_run(ratios(level, level))).status is Status.NOT_DETECTED


def test_early_updates_may_be_large(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(ratios(lambda s: 0.5 if s <= 140 else 2e-3))).status is Status.NOT_DETECTED


def test_look_alike_standing_still_is_another_rules(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(ratios(0.0))).status is Status.NOT_DETECTED


def test_look_alike_the_gradient_has_faded(make_run: MakeRun) -> None:
    """Both players win where labels are swapped, and their updates go with the gradients."""
    small = ratios(lambda s: 3e-6 if s >= 500 else 1e-3)
    faded = {"g_grad_norm": every_step(lambda s: 1e-3 if s >= 450 else 2.0)}
    assert RULE.evaluate(make_run(small | faded)).status is Status.NOT_DETECTED
    strong = {"g_grad_norm": every_step(lambda s: 0.5 if s >= 450 else 2.0)}
    assert RULE.evaluate(make_run(small | strong)).status is Status.DETECTED


def test_look_alike_a_planned_end(make_run: MakeRun) -> None:
    small = ratios(lambda s: 3e-6 if s >= 500 else 1e-3)
    assert RULE.evaluate(make_run(small | rates(1e-3, 1e-3))).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(small | rates(1e-3, 1.0))).status is Status.DETECTED


def test_half_of_the_layers_count_and_one_does_not(make_run: MakeRun) -> None:
    most = RULE.evaluate(make_run(ratios(1e-3) | layers("g", [2e-3, 3e-6, 2e-6, 0.01])))
    (evidence,) = most.evidence
    assert evidence.signal == "g_layer_update_ratio"
    assert evidence.layers == ("generator/layer1", "generator/layer2")
    assert most.severity is Severity.WARNING
    assert (evidence.statement.facts["count"], evidence.statement.facts["layers"]) == (2, 4)
    large = RULE.evaluate(make_run(ratios(1e-3) | layers("d", [0.3, 0.2, 0.5, 2e-3])))
    assert large.evidence[0].layers == ("discriminator/layer0", "discriminator/layer1", "discriminator/layer2")
    # A bias, or a layer made to start at zero, beside others that are well.
    one = ratios(1e-3) | layers("g", [2e-3, 4.0, 3e-3, 0.01]) | layers("d", [2e-3, 2e-6, 3e-3, 0.01])
    assert RULE.evaluate(make_run(one)).status is Status.NOT_DETECTED


def test_only_noted_while_the_samples_improve(make_run: MakeRun) -> None:
    improving = {"sample_kid": probes(lambda s: 1.0 - s / 1100)}
    for level in (3e-6, 0.3):
        assert RULE.evaluate(make_run(ratios(level) | improving)).severity is Severity.INFO
    unknown = {k: v for k, v in ratios(3e-6).items() if not k.startswith("sample_")}
    assert RULE.evaluate(make_run(unknown)).severity is Severity.WARNING


def test_missing_signals_and_warm_up(make_run: MakeRun) -> None:
    only_g = {k: v for k, v in ratios(3e-6).items() if k != "d_update_ratio"}
    assert RULE.evaluate(make_run(only_g)).status is Status.DETECTED
    none = {k: v for k, v in healthy().items() if not k.endswith("_update_ratio")}
    finding = RULE.evaluate(make_run(none, missing={"g_update_ratio": "no update was seen"}))
    assert finding.status is Status.NOT_EVALUATED
    assert finding.reason is not None
    assert str(finding.reason).endswith("g_update_ratio was not recorded: no update was seen.")
    young = {name: {s: v for s, v in series.items() if s <= 140} for name, series in ratios(3e-6).items()}
    assert RULE.evaluate(make_run(young)).status is Status.NOT_EVALUATED
    few = ratios(3e-6) | {name: dict.fromkeys((980, 1000), 3e-06) for name in ("g_update_ratio", "d_update_ratio")}
    too_few = RULE.evaluate(make_run(few))
    assert too_few.reason is not None
    assert too_few.reason.facts["seen"] == 2


def test_causes(make_run: MakeRun) -> None:
    def first(signals: Signals, **fields: object) -> str:
        causes = RULE.evaluate(make_run(signals, **fields)).causes
        assert causes[0].score > causes[1].score
        assert causes[0].test.values["shown"] is not NOT_RECORDED
        return causes[0].id

    small, large = ratios(3e-6), ratios(1e-3, 0.4)
    assert first(small | {"g_learning_rate": probes(1e-7)}) == "learning-rate-mistyped"
    assert first(small | rates(0.05, 1.0)) == "learning-rate-lowered"
    assert first(large | {"d_grad_norm": every_step(lambda s: 500.0 if s > 300 else 2.0)}) == "exploding-updates"
    clipped = PlayerCard(name="generator", optimizer={"type": "SGD", "global_clipnorm": 1e-4})
    assert first(small | {"g_grad_norm": every_step(5.0)}, generator=clipped) == "gradient-clipped-away"
    shrinking = {"d_update_in_d_step": probes(lambda s: 0.4 * 50.0 / s)}
    assert first(large | shrinking) == "weights-shrank"
