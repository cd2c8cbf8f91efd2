"""GD002."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.message import Absence, Absent, Message
from gandoctor.rules import Finding, Severity, Status, find_rule
from gandoctor.rules.contracts.standstill import Standstill
from gandoctor.store import Run
from gandoctor.treatments import prescribe
from support.recorded_runs import every_step, probes
from support.said import values_of

RULE = find_rule("GD002")
MakeRun = Callable[..., Run]

FREEZE_TRAP = {"d_update_in_d_step": Absence(Absent.FROZEN, Message("all weights of the discriminator are frozen"))}


def first_two_and_probes(value: float, **changes: float) -> dict[int, float]:
    return {1: value, 2: value, **probes(value)} | {int(step[1:]): v for step, v in changes.items()}


def trains(**changes: Any) -> dict[str, dict[int, float]]:
    """Signals of two players that train."""
    return {
        "d_update_in_d_step": first_two_and_probes(0.24),
        "d_update_in_g_step": first_two_and_probes(0.0),
        "g_update_in_g_step": first_two_and_probes(0.3),
        "d_movement": probes(0.9),
        "g_movement": probes(1.1),
        "d_grad_norm": every_step(0.5),
        "d_learning_rate": {0: 2e-4} | probes(2e-4),
        **changes,
    }


def reason(finding: Finding) -> str:
    [evidence] = finding.evidence
    assert isinstance(evidence.detail, Standstill)
    return evidence.detail.reason


def names_the_trap(finding: Finding) -> bool:
    [evidence] = finding.evidence
    return "when a train function is first traced" in str(evidence.statement)


def top_cause(finding: Finding) -> str:
    assert all("shown" in cause.test.values for cause in finding.causes)
    return finding.causes[0].id


def test_a_discriminator_that_trains(make_run: MakeRun) -> None:
    assert RULE.evaluate(make_run(trains())).status is Status.NOT_DETECTED


def test_an_update_of_exactly_zero_is_found_from_the_first_step(make_run: MakeRun) -> None:
    still = trains(d_update_in_d_step=first_two_and_probes(0.0), d_movement=probes(0.0))
    del still["d_grad_norm"]
    finding = RULE.evaluate(make_run(still))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, 1000)
    [evidence] = finding.evidence
    assert (evidence.signal, evidence.observed) == ("d_update_in_d_step", 0.0)
    assert str(evidence.statement) == (
        "The discriminator's own update moved its weights by exactly 0 in 52 successive probes, from step 1 to 1000. "
        "The run does not show why. Keras 3 reads `trainable` when a train function is first traced, not at compile: "
        "setting `discriminator.trainable = False` once, for example before compiling the stacked model, stops the "
        "discriminator for good."
    )
    assert top_cause(finding) == "discriminator-frozen"


def test_a_gradient_of_zero_is_another_matter(make_run: MakeRun) -> None:
    # A loss that is flat there, as when logits are taken for probabilities and clipped.
    flat = trains(
        d_update_in_d_step=first_two_and_probes(0.0),
        d_movement=probes(0.0),
        d_grad_norm=every_step(0.0),
        d_loss=every_step(7.97),
    )
    finding = RULE.evaluate(make_run(flat))
    assert finding.severity is Severity.CRITICAL
    assert reason(finding) == "no_gradient"
    assert not names_the_trap(finding)
    assert top_cause(finding) == "no-gradient-arrives"
    assert prescribe(RULE.treatments, {cause.id: cause.score for cause in finding.causes})[0].id == "loss-from-logits"
    both = RULE.evaluate(make_run(flat | {"g_movement": probes(0.0), "d_movement": {20: 0.3} | probes(0.0, start=40)}))
    assert reason(both) == "no_gradient"


def test_look_alike_nothing_left_to_learn(make_run: MakeRun) -> None:
    # A hinge loss with every image beyond the margin, for good or for a while; or an underflow.
    won = trains(
        d_update_in_d_step=first_two_and_probes(0.24) | probes(0.0, start=400),
        d_movement=probes(0.9) | probes(0.0, start=420),
        d_grad_norm=every_step(lambda s: 0.5 if s < 400 else 0.0),
        d_loss=every_step(lambda s: 0.4 if s < 400 else 0.0),
    )
    assert RULE.evaluate(make_run(won)).status is Status.NOT_DETECTED
    unseen = {name: series for name, series in won.items() if name != "d_update_in_d_step"}
    assert RULE.evaluate(make_run(unseen)).status is Status.NOT_DETECTED
    not_won = won | {"d_loss": every_step(lambda s: 0.4)}
    assert RULE.evaluate(make_run(not_won)).status is Status.DETECTED


def test_one_that_stops_mid_run_is_found_where_it_stopped(make_run: MakeRun) -> None:
    stops = trains(
        d_update_in_d_step=first_two_and_probes(0.24) | probes(0.0, start=400),
        d_movement=probes(0.9) | probes(0.0, start=400),
    )
    finding = RULE.evaluate(make_run(stops))
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (400, 1000)
    assert not names_the_trap(finding)  # the trap stops it from the start
    goes_on = trains(
        d_update_in_d_step=first_two_and_probes(0.24) | probes(0.0, start=400, stop=600),
        d_movement=probes(0.9) | probes(0.0, start=400, stop=600),
    )
    finding = RULE.evaluate(make_run(goes_on))
    assert (finding.severity, finding.last_step) == (Severity.WARNING, 600)
    assert str(finding.evidence[0].statement).endswith("It moved again after step 600.")


def test_the_freeze_trap_is_named_where_its_update_was_never_seen(make_run: MakeRun) -> None:
    # Two compiled models, `discriminator.trainable = False` once: the monitor sees no update of it at all.
    signals = {"d_movement": probes(0.0, stop=40), "g_movement": probes(1.1, stop=40)}
    finding = RULE.evaluate(make_run(signals, missing=FREEZE_TRAP))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.CRITICAL
    assert (finding.first_step, finding.last_step) == (1, 40)
    [evidence] = finding.evidence
    assert evidence.signal == "d_movement"
    assert values_of(evidence.statement)["movement"] == 1.1
    assert reason(finding) == "frozen"
    assert names_the_trap(finding)
    assert top_cause(finding) == "discriminator-frozen"


def test_the_reason_alone_is_enough_where_nothing_else_was_recorded(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"g_loss": every_step(0.69, stop=2)}, missing=FREEZE_TRAP))
    assert finding.severity is Severity.CRITICAL
    assert reason(finding) == "frozen"
    assert str(finding.evidence[0].statement).startswith("No update of the discriminator was ever seen.")
    # ... unless it moves all the same.
    moving = make_run({"d_movement": {20: 0.9}}, missing=FREEZE_TRAP)
    assert RULE.evaluate(moving).status is Status.NOT_EVALUATED


def test_only_the_code_says_frozen_never_the_words(make_run: MakeRun) -> None:
    words = {"d_update_in_d_step": Absence(Absent.UNSPECIFIED, FREEZE_TRAP["d_update_in_d_step"].message)}
    signals = {"d_movement": probes(0.0, stop=40), "g_movement": probes(1.1, stop=40)}
    assert RULE.evaluate(make_run(signals, missing=words)).status is Status.NOT_DETECTED


def test_an_optimizer_that_is_handed_no_weights(make_run: MakeRun) -> None:
    # A training step of one's own with `discriminator.trainable_variables` of a frozen discriminator: an empty list.
    empty = trains(d_update_in_d_step=first_two_and_probes(0.0), d_movement=probes(0.0), g_grad_norm=every_step(0.2))
    del empty["d_grad_norm"]
    finding = RULE.evaluate(make_run(empty))
    assert reason(finding) == "no_weights"
    assert names_the_trap(finding)
    assert top_cause(finding) == "discriminator-frozen"
    # Where gradients could not be read for another reason, nothing follows from their absence.
    unread = RULE.evaluate(make_run(empty, missing={"d_grad_norm": "gradients are summed by the optimizer"}))
    assert reason(unread) == "unknown"


def test_one_that_moves_in_the_generators_step_only_is_not_trained_either(make_run: MakeRun) -> None:
    leak = trains(d_update_in_d_step=first_two_and_probes(0.0), d_update_in_g_step=first_two_and_probes(0.12))
    finding = RULE.evaluate(make_run(leak))
    assert finding.severity is Severity.CRITICAL
    assert reason(finding) == "other_step_only"
    assert top_cause(finding) == "discriminator-frozen"


def test_a_learning_rate_of_zero_is_told_as_such(make_run: MakeRun) -> None:
    still = {"d_update_in_d_step": first_two_and_probes(0.0), "d_movement": probes(0.0)}
    always = RULE.evaluate(make_run(trains(**still, d_learning_rate={0: 0.0} | probes(0.0))))
    assert always.severity is Severity.CRITICAL
    assert reason(always) == "learning_rate"
    assert not names_the_trap(always)
    assert top_cause(always) == "learning-rate-zero"
    causes = {cause.id: cause.score for cause in always.causes}
    assert prescribe(RULE.treatments, causes)[0].id == "learning-rate-above-zero"


def test_a_schedule_that_ends_at_zero_is_less(make_run: MakeRun) -> None:
    ended = {
        "d_update_in_d_step": first_two_and_probes(0.24) | probes(0.0, start=800),
        "d_movement": probes(0.9) | probes(0.0, start=820),
        "d_learning_rate": {0: 2e-4} | probes(2e-4) | probes(0.0, start=800),
    }
    finding = RULE.evaluate(make_run(trains(**ended)))
    assert (finding.severity, finding.first_step) == (Severity.WARNING, 800)
    both = RULE.evaluate(make_run(trains(**ended, g_movement=probes(1.1) | probes(0.0, start=800))))
    assert both.severity is Severity.INFO


def test_look_alike_a_learning_rate_that_warms_up_from_zero(make_run: MakeRun) -> None:
    warming = trains(
        d_update_in_d_step=first_two_and_probes(0.24, s1=0.0, s2=0.0),
        d_learning_rate={0: 0.0} | probes(lambda s: s * 1e-6),
    )
    assert RULE.evaluate(make_run(warming)).status is Status.NOT_DETECTED
    early = {name: {s: v for s, v in series.items() if s <= 2} for name, series in warming.items()}
    assert RULE.evaluate(make_run(early | {"g_loss": every_step(1.0, stop=10)})).status is Status.NOT_DETECTED
    assert RULE.evaluate(make_run(early | {"d_movement": {2: 0.0}})).status is Status.NOT_DETECTED


def test_look_alike_a_cadence_that_skips_the_probes(make_run: MakeRun) -> None:
    # Its gradients are masked four times in five: the probes see zeros, the movement between them does not.
    assert RULE.evaluate(make_run(trains(d_update_in_d_step=first_two_and_probes(0.0)))).status is Status.NOT_DETECTED


@pytest.mark.parametrize("moving", [20, 60, 100, 180])
def test_look_alike_accumulated_gradients(make_run: MakeRun, moving: int) -> None:
    # Nothing is recorded of a step that applies nothing; the weights move every `moving` steps.
    signals = {"d_movement": probes(lambda s: 0.9 if s % moving == 0 else 0.0), "g_movement": probes(1.1)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_look_alike_tiny_or_undefined_movement(make_run: MakeRun) -> None:
    tiny = trains(d_update_in_d_step=first_two_and_probes(1e-12), d_movement=probes(1e-12))
    assert RULE.evaluate(make_run(tiny)).status is Status.NOT_DETECTED
    nan = float("nan")
    lost = trains(d_update_in_d_step=first_two_and_probes(nan), d_movement=probes(nan))
    assert RULE.evaluate(make_run(lost)).status is Status.NOT_DETECTED


def test_look_alike_repeated_samples_of_a_collapsed_generator(make_run: MakeRun) -> None:
    collapsed = trains(sample_nn_distance=probes(0.0), sample_latent_std=probes(0.0), d_loss=every_step(0.0))
    assert RULE.evaluate(make_run(collapsed)).status is Status.NOT_DETECTED


def test_weights_alone_need_time_where_nothing_says_why(make_run: MakeRun) -> None:
    # Judged after warm-up: the other player may be pre-trained first.
    signals = {"d_movement": probes(0.0), "g_movement": probes(1.1)}
    finding = RULE.evaluate(make_run(signals))
    assert (finding.severity, finding.first_step) == (Severity.CRITICAL, 1)
    assert reason(finding) == "never_updated"
    young = {name: {s: v for s, v in series.items() if s < 150} for name, series in signals.items()}
    assert RULE.evaluate(make_run(young, planned_steps=1000)).status is Status.NOT_DETECTED


def test_weights_that_stop_for_good_and_for_a_while(make_run: MakeRun) -> None:
    stopped = {"d_movement": probes(0.9) | probes(0.0, start=900), "g_movement": probes(1.1)}
    finding = RULE.evaluate(make_run(stopped))
    assert (finding.first_step, finding.last_step) == (881, 1000)
    paused = {"d_movement": probes(0.9) | probes(0.0, start=500, stop=600), "g_movement": probes(1.1)}
    assert RULE.evaluate(make_run(paused)).status is Status.NOT_DETECTED


def test_nothing_moves_may_be_the_wrong_networks(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"d_movement": probes(0.0), "g_movement": probes(0.0)}))
    assert finding.severity is Severity.WARNING
    assert reason(finding) == "nothing_moves"
    assert top_cause(finding) == "other-networks-trained"


def test_updates_that_are_undone(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run(trains(d_movement=probes(0.0))))
    assert finding.status is Status.DETECTED
    assert reason(finding) == "undone"


def test_a_dry_run_of_two_steps_is_enough_with_the_movement_over_it(make_run: MakeRun) -> None:
    two = {"d_update_in_d_step": {1: 0.0, 2: 0.0}, "d_learning_rate": {0: 2e-4}}
    assert RULE.evaluate(make_run(two)).status is Status.NOT_DETECTED  # one moment
    assert RULE.evaluate(make_run(two | {"d_movement": {2: 0.0}})).severity is Severity.CRITICAL


def test_missing_signals_are_not_evaluated_and_say_why(make_run: MakeRun) -> None:
    run = make_run({"d_loss": every_step(0.5)}, missing={"d_update_in_d_step": "no optimizer was found"})
    finding = RULE.evaluate(run)
    assert finding.status is Status.NOT_EVALUATED
    assert "no optimizer was found" in str(finding.reason)
    one = RULE.evaluate(make_run({"d_update_in_d_step": {1: 0.0}}))
    assert one.status is Status.NOT_EVALUATED
    assert values_of(one.reason)["probes"] == 2


def test_the_page_gives_the_fix_that_works() -> None:
    assert RULE.treatments[:2] == ("set-trainable-per-phase", "separate-variable-lists")
    assert "before every call of a phase" in " ".join(RULE.page.split())
