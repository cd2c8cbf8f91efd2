"""GD005."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from support.recorded_runs import every_step, probes

RULE = find_rule("GD005")
MakeRun = Callable[..., Run]


def test_a_leak_is_found_at_the_first_probe_also_in_warm_up(make_run: MakeRun) -> None:
    moved = {1: 0.1, 2: 0.1, 20: 0.3}
    finding = RULE.evaluate(make_run({"g_update_in_d_step": moved, "g_update_in_g_step": dict.fromkeys(moved, 0.2)}))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (1, 20)
    assert finding.evidence[0].observed == 0.1
    assert str(finding.evidence[0].statement) == (
        "The discriminator's update moved the generator in 3 of 3 probes, by a median of 0.1 (L2 norm). That is "
        "50% of its movement in its own update."
    )


def test_a_leak_that_begins_later_begins_later(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"g_update_in_d_step": probes(lambda s: 1e-9 if s >= 400 else 0.0)}))
    assert finding.first_step == 400


def test_a_generator_that_moves_in_its_own_step(make_run: MakeRun) -> None:
    signals = {"g_update_in_d_step": probes(0.0), "g_update_in_g_step": probes(0.2)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_look_alikes_the_other_leak_and_nan(make_run: MakeRun) -> None:
    signals = {"g_update_in_d_step": {20: 0.0, 40: float("nan")}, "d_update_in_g_step": probes(0.2)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_missing_signal_is_not_evaluated_and_says_why(make_run: MakeRun) -> None:
    run = make_run({"d_loss": every_step(0.5)}, missing={"g_update_in_d_step": "no optimizer was found"})
    finding = RULE.evaluate(run)
    assert finding.status is Status.NOT_EVALUATED
    assert "no optimizer was found" in str(finding.reason)


def test_the_first_fix_is_exact() -> None:
    assert RULE.treatments[0] == "separate-variable-lists"
