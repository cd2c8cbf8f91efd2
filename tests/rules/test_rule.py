"""What a rule says of itself, and the sentences that are the same for every rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from gandoctor.message import Absence, Absent, Message
from gandoctor.rules import Cause, Evidence, NotEvaluated, Severity, Status, find_rule
from gandoctor.rules.rule import Found, not_recorded, why_missing
from gandoctor.store import Run
from support.recorded_runs import every_step

MakeRun = Callable[..., Run]


def plugged_in(run: Run, limits: object) -> list[Evidence]:
    return []


@pytest.mark.parametrize(
    ("rule_id", "kind", "is_fact"),
    [
        ("GD001", "contracts", True),
        ("GD109", "design", True),
        ("GD204", "gradients", False),
        ("GD305", "balance", False),
        ("GD409", "samples", False),
    ],
)
def test_the_folder_says_what_a_rule_judges(rule_id: str, kind: str, is_fact: bool) -> None:
    rule = find_rule(rule_id)
    assert (rule.kind, rule.is_fact) == (kind, is_fact)


@pytest.mark.parametrize("module", ["__main__", "acme.rules", "contracts.acme", "acme.gandoctor.rules.contracts.rule"])
def test_a_plug_in_is_of_no_kind_of_ours(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugged_in, "__module__", module)
    rule = dataclasses.replace(find_rule("GD001"), id="ACME001", detect=plugged_in)
    assert (rule.kind, rule.is_fact) == ("other", False)


def test_plain_text_of_a_plug_in_becomes_messages() -> None:
    rule = dataclasses.replace(find_rule("GD001"), title="Of {my} own")  # type: ignore[arg-type]
    assert isinstance(rule.title, Message)
    assert str(rule.title) == "Of {my} own"
    evidence = Evidence("d_loss", 1.0, None, 1, 2, "A sentence.")  # type: ignore[arg-type]
    assert isinstance(evidence.statement, Message)
    assert str(NotEvaluated("Too short.").reason) == "Too short."


def test_a_signal_that_was_not_recorded_is_said_with_the_recordings_reason(make_run: MakeRun) -> None:
    why = Absence(Absent.UNSPECIFIED, Message("no optimizer was found"))
    run = make_run({"d_loss": every_step(0.5, stop=5)}, missing={"g_loss": why})
    assert str(not_recorded(run, "g_loss")) == "g_loss was not recorded: no optimizer was found."
    assert str(not_recorded(run, "d_auc")) == "d_auc was not recorded."
    assert str(why_missing(run, "g_loss")) == "no optimizer was found"
    assert str(why_missing(run, "d_auc")) == "d_auc was not recorded"
    assert str(why_missing(run, "d_auc", Message("no optimizer"))) == "no optimizer"


def test_causes_are_handed_what_was_found_and_the_limits_of_the_rule(make_run: MakeRun) -> None:
    seen: list[Found] = []
    original = find_rule("GD001")
    own = dataclasses.replace(original.limits, start=7)

    def causes(run: Run, found: Found) -> list[Cause]:
        seen.append(found)
        return []

    rule = dataclasses.replace(original, limits=own, causes=causes)
    finding = rule.evaluate(make_run({"d_loss": every_step(float("nan"), stop=5), "d_grad_norm": every_step(1.0)}))
    assert (finding.status, finding.severity) == (Status.DETECTED, Severity.CRITICAL)
    [found] = seen
    assert found.evidence == finding.evidence
    assert found.limits is own
    assert [failure.signal for failure in found.details] == ["d_loss"]


def test_a_rule_that_breaks_is_errored_with_the_error(make_run: MakeRun) -> None:
    def broken(run: Run, limits: object) -> list[Evidence]:
        raise ValueError("no {braces} please")

    rule = dataclasses.replace(find_rule("GD001"), detect=broken)
    finding = rule.evaluate(make_run({"d_loss": every_step(0.5, stop=5)}))
    assert finding.status is Status.ERRORED
    assert str(finding.reason) == "ValueError: no {braces} please"
