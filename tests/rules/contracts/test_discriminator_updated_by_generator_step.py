"""GD004."""

from __future__ import annotations

from collections.abc import Callable

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import Run
from support.recorded_runs import every_step, probes

RULE = find_rule("GD004")
MakeRun = Callable[..., Run]


def test_a_leak_is_found_at_the_first_probe_also_in_warm_up(make_run: MakeRun) -> None:
    moved = {1: 0.1, 2: 0.1, 20: 0.3}
    finding = RULE.evaluate(make_run({"d_update_in_g_step": moved, "d_update_in_d_step": dict.fromkeys(moved, 0.2)}))
    assert finding.status is Status.DETECTED
    assert finding.severity is Severity.WARNING
    assert (finding.first_step, finding.last_step) == (1, 20)
    assert finding.evidence[0].observed == 0.1
    assert str(finding.evidence[0].statement) == (
        "The generator's update moved the discriminator in 3 of 3 probes, by a median of 0.1 (L2 norm). That is "
        "50% of its movement in its own update."
    )


def test_a_leak_that_begins_later_begins_later(make_run: MakeRun) -> None:
    finding = RULE.evaluate(make_run({"d_update_in_g_step": probes(lambda s: 0.1 if s >= 400 else 0.0)}))
    assert finding.first_step == 400


def test_a_frozen_discriminator_is_healthy(make_run: MakeRun) -> None:
    signals = {"d_update_in_g_step": probes(0.0), "d_update_in_d_step": probes(0.2)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_look_alikes_own_update_and_nan(make_run: MakeRun) -> None:
    # NaN weights move by NaN: that is GD001's.
    signals = {"d_update_in_g_step": {20: 0.0, 40: float("nan")}, "d_update_in_d_step": probes(0.2)}
    assert RULE.evaluate(make_run(signals)).status is Status.NOT_DETECTED


def test_missing_signal_is_not_evaluated_and_says_why(make_run: MakeRun) -> None:
    run = make_run({"d_loss": every_step(0.5)}, missing={"d_update_in_g_step": "one optimizer moves both"})
    finding = RULE.evaluate(run)
    assert finding.status is Status.NOT_EVALUATED
    assert "one optimizer moves both" in str(finding.reason)


def test_never_offers_the_compile_time_flag() -> None:
    from gandoctor.treatments import TREATMENTS

    assert RULE.treatments[0] == "separate-variable-lists"
    assert TREATMENTS["separate-variable-lists"].patch == {"training.freeze_discriminator": True}
    per_phase = TREATMENTS["set-trainable-per-phase"].code
    # The flag is set before each of the two calls and given back, never once before a compile.
    assert per_phase.index("trainable = True") < per_phase.index("discriminator_model.train_on_batch")
    assert per_phase.index("trainable = False") < per_phase.index("adversarial_model.train_on_batch")
    assert "compile(" not in per_phase
