"""The first screen: what its chips count, and what the line in its chart is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandoctor.diagnosis import Diagnosis
from gandoctor.message import Message
from gandoctor.report.charts.run_charts import limit_label
from gandoctor.report.languages.language import language
from gandoctor.report.page.first_screen import chips
from gandoctor.rules import Cause, Evidence, Finding, Severity, Status, find_rule
from gandoctor.store import Run

WORDS = language("en")


def found(rule: str, severity: Severity, since: int, cause: Cause) -> Finding:
    evidence = Evidence("d_loss", 0.0, None, since, 900, f"{rule} was seen.")
    return Finding(find_rule(rule), Status.DETECTED, severity, evidence=(evidence,), causes=(cause,))


def test_chips_count_what_is_not_in_the_headline(make_run: Callable[..., Run]) -> None:
    """The failure that is named is the warning: what is left is the critical one."""
    noise = Cause("noise-layer", "A layer adds noise", 0.9, "It is there.")
    later = Cause("chasing-the-discriminator", "It chases", 0.5, "It may.")
    findings = found("GD409", Severity.CRITICAL, 300, later), found("GD402", Severity.WARNING, 20, noise)
    diagnosis = Diagnosis(make_run({"d_loss": {1: 0.7, 900: 0.7}}), findings)
    assert diagnosis.root is findings[1]
    assert [(chip.text, chip.tone) for chip in chips(diagnosis, WORDS)] == [("1 more failure", "critical")]


@pytest.mark.parametrize(
    ("observed", "fields", "said"),
    [
        (0.006, {}, "limit of GD301: below 0.05"),
        (0.4, {}, "limit of GD301: above 0.05"),
        (0.05, {}, "limit of GD301: at 0.05"),
        (0.4, {"threshold_is": Message("10 times the rate")}, "limit of GD301: above 10 times the rate (0.05)"),
    ],
)
def test_a_line_says_whose_limit_it_is_and_on_which_side(observed: float, fields: Any, said: str) -> None:
    assert limit_label("GD301", Evidence("d_loss", observed, 0.05, 1, 2, Message("x"), **fields), WORDS) == said
