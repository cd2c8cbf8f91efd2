"""GD003."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.message import Absence, Absent, Message
from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.rules.contracts.standstill import Standstill
from gandoctor.store import Run
from gandoctor.treatments import prescribe
from support.recorded_runs import every_step, probes

RULE = find_rule("GD003")
MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]


def first_two_and_probes(value: float) -> dict[int, float]:
    return {1: value, 2: value, **probes(value)}


def trains(**changes: dict[int, float]) -> Signals:
    return {
        "g_update_in_g_step": first_two_and_probes(0.3),
        "g_update_in_d_step": first_two_and_probes(0.0),
        "g_movement": probes(1.1),
        "d_movement": probes(0.9),
        "g_grad_norm": every_step(2.0),
        "g_learning_rate": {0: 1e-4} | probes(1e-4),
        **changes,
    }


def reason(finding: Finding) -> str:
    [evidence] = finding.evidence
    assert isinstance(evidence.detail, Standstill)
    return evidence.detail.reason


def test_a_generator_that_trains(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(trains())).status is Status.NOT_DETECTED


def test_gradients_that_are_all_none_end_the_training_and_are_named(make_run: MakeRun) -> None:
    why = Absence(Absent.NO_GRADIENT, Message("none of the {player}'s weights is given a gradient", player="generator"))
    run = make_run({"d_loss": {1: 0.7}}, missing={"g_update_in_g_step": why, "g_grad_norm": why})
    finding = RULE.evaluate(run)
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    assert reason(finding) == "cut_off"
    assert finding.causes[0].id == "no-gradient-arrives"
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(RULE.treatments, causes)[0].id == "generate-inside-tape"


def test_an_update_of_exactly_zero(make_run: MakeRun) -> None:
    still = trains(g_update_in_g_step=first_two_and_probes(0.0), g_movement=probes(0.0), g_grad_norm=every_step(0.0))
    finding = RULE.evaluate(make_run(still))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, 1000)
    assert reason(finding) == "no_gradient"
    assert str(finding.evidence[0].statement) == (
        "The generator's own update moved its weights by exactly 0 in 52 successive probes, from step 1 to 1000. Its "
        "gradient is exactly 0 as well, so nothing can move it."
    )
    assert finding.causes[0].id == "no-gradient-arrives"
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(RULE.treatments, causes)[0].id == "generate-inside-tape"


def test_an_update_without_effect_although_there_is_a_gradient(make_run: MakeRun) -> None:
    still = trains(g_update_in_g_step=first_two_and_probes(0.0), g_movement=probes(0.0))
    finding = RULE.evaluate(make_run(still))
    assert reason(finding) == "not_applied"


def test_a_list_of_weights_that_does_not_name_it(make_run: MakeRun) -> None:
    left_out = trains(g_update_in_g_step=first_two_and_probes(0.0), g_movement=probes(0.0), d_grad_norm=every_step(0.2))
    del left_out["g_grad_norm"]
    finding = RULE.evaluate(make_run(left_out))
    assert reason(finding) == "no_weights"
    assert finding.causes[0].id == "generator-frozen"
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(RULE.treatments, causes)[0].id == "separate-variable-lists"


def test_one_that_moves_in_the_discriminators_step_only(make_run: MakeRun) -> None:
    swapped = trains(g_update_in_g_step=first_two_and_probes(0.0), g_update_in_d_step=first_two_and_probes(0.2))
    finding = RULE.evaluate(make_run(swapped))
    assert finding.severity is Severity.CRITICAL
    assert reason(finding) == "other_step_only"


def test_a_frozen_generator_whose_update_was_never_seen(make_run: MakeRun) -> None:
    signals = {"g_movement": probes(0.0, stop=40), "d_movement": probes(0.9, stop=40)}
    missing = {"g_update_in_g_step": Absence(Absent.FROZEN, Message("all weights of the generator are frozen"))}
    finding = RULE.evaluate(make_run(signals, missing=missing))
    assert finding.severity is Severity.CRITICAL
    assert reason(finding) == "frozen"
    assert finding.causes[0].id == "generator-frozen"


def test_one_whose_optimizer_is_not_called(make_run: MakeRun) -> None:
    signals = {"g_movement": probes(0.0), "d_movement": probes(0.9)}
    why = Absence(Absent.NOT_CALLED, Message("no optimizer that holds its parameters was called in 12 steps"))
    finding = RULE.evaluate(make_run(signals, missing={"g_grad_norm": why}))
    assert reason(finding) == "never_updated"
    assert finding.causes[0].id == "optimizer-not-called"
    causes = {cause.id: cause.score for cause in finding.causes}
    assert prescribe(RULE.treatments, causes)[0].id == "separate-variable-lists"


def test_learning_rate_zero_from_a_step_on(make_run: MakeRun) -> None:
    ended = trains(
        g_update_in_g_step=first_two_and_probes(0.3) | probes(0.0, start=600),
        g_movement=probes(1.1) | probes(0.0, start=620),
        g_learning_rate={0: 1e-4} | probes(1e-4) | probes(0.0, start=600),
    )
    finding = RULE.evaluate(make_run(ended))
    assert (finding.severity, finding.first_step) == (Severity.WARNING, 600)
    assert finding.causes[0].id == "learning-rate-zero"


def test_look_alike_the_discriminator_is_pre_trained(make_run: MakeRun) -> None:
    missing = {"g_update_in_g_step": "the generator's optimizer was not called in 140 steps"}
    waiting = {"g_movement": probes(0.0, stop=140), "d_movement": probes(0.9, stop=140)}
    assert RULE.evaluate(make_run(waiting, missing=missing, planned_steps=1000)).status is Status.NOT_DETECTED
    then_trains = trains(
        g_update_in_g_step=probes(0.3, start=160), g_movement=probes(0.0, stop=140) | probes(1.1, start=160)
    )
    assert RULE.evaluate(make_run(then_trains)).status is Status.NOT_DETECTED


@pytest.mark.parametrize("cadence", [40, 100])
def test_look_alike_a_critic_that_trains_more_often(make_run: MakeRun, cadence: int) -> None:
    # Probes between two updates of the generator see no update (absent) and no movement.
    turns = dict.fromkeys(range(cadence, 1001, cadence), 0.3)
    moved = probes(lambda s: 1.1 if s % cadence == 0 else 0.0)
    signals = trains(g_update_in_g_step=turns, g_update_in_d_step=probes(0.0), g_movement=moved)
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_look_alike_a_learning_rate_decades_too_small(make_run: MakeRun) -> None:
    crawling = trains(g_update_in_g_step=first_two_and_probes(3e-6), g_movement=probes(1e-5))
    assert RULE.evaluate(make_run(crawling)).status is Status.NOT_DETECTED


def test_missing_signals_are_not_evaluated_and_say_why(make_run: MakeRun) -> None:
    run = make_run({"g_loss": every_step(0.5)}, missing={"g_update_in_g_step": "no optimizer was found"})
    finding = RULE.evaluate(run)
    assert finding.status is Status.NOT_EVALUATED
    assert "no optimizer was found" in str(finding.reason)
