"""GD014; tests/monitors/test_loop_inputs.py has it found in a training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gandoctor.rules import Severity, Status, find_rule
from gandoctor.store import ObjectiveCard, Run

RULE = find_rule("GD014")
MakeRun = Callable[..., Run]


@pytest.mark.parametrize(
    ("sides", "side", "severity"),
    [("real", "real images", Severity.WARNING), ("fake", "generated images", Severity.INFO)],
)
def test_one_side_alone(make_run: MakeRun, sides: str, side: str, severity: Severity) -> None:
    """On the generated side it may be how samples are drawn."""
    card = ObjectiveCard(output_low=-1.0, output_high=1.0, changed_at_random=sides, steps=5)
    finding = RULE.evaluate(make_run({}, objective=card))
    assert (finding.status, finding.severity) == (Status.DETECTED, severity)
    assert str(finding.evidence[0].statement).startswith(f"Random numbers are added to the {side}")


@pytest.mark.parametrize("sides", ["none", "both"])
def test_none_or_both_are_sound(make_run: MakeRun, sides: str) -> None:
    card = ObjectiveCard(output_low=-1.0, output_high=1.0, changed_at_random=sides, steps=5)
    assert RULE.evaluate(make_run({}, objective=card)).status is Status.NOT_DETECTED


def test_what_was_not_seen_is_not_judged(make_run: MakeRun) -> None:
    card = ObjectiveCard(output_low=-1.0, output_high=1.0, steps=5)
    for objective in (card, None):
        assert RULE.evaluate(make_run({}, objective=objective)).status is Status.NOT_EVALUATED
