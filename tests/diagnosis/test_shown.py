"""How a diagnosis shows itself in Python: short where it is one of many, whole where it is asked for."""

from __future__ import annotations

from gandoctor.diagnosis import Diagnosis
from gandoctor.rules import Status, all_rules
from support.fault_signatures import FAULTS, diagnosis_of


def broken() -> Diagnosis:
    signals, fields, _ = FAULTS["dropout 0.9"]
    return diagnosis_of(signals, **fields)


def test_repr_fits_a_line_or_two() -> None:
    diagnosis = broken()
    assert len(repr(diagnosis)) < 200
    assert repr(diagnosis).startswith(f"<Diagnosis of memory: failing, {len(diagnosis.findings)} found, ")
    assert str(diagnosis.name) in repr(diagnosis)
    assert all(len(repr(finding)) < 200 for finding in diagnosis.checks)
    assert repr(diagnosis.findings[0]).startswith("<Finding GD103 detected (critical, from step 0): ")


def test_str_is_the_report_as_text() -> None:
    text = str(broken())
    assert text.startswith("FAILING  The run completed 1000 steps: Dropout too high: 0.9 in ")
    assert "What to do\n  1. Lower dropout from 0.9 to 0.3" in text
    assert "Checked, not found" in text
    assert "\x1b" not in text


def test_findings_are_what_was_found_and_checks_are_all() -> None:
    diagnosis = broken()
    assert diagnosis.findings == diagnosis.detected
    assert {finding.status for finding in diagnosis.findings} == {Status.DETECTED}
    assert {finding.id for finding in diagnosis.checks} == {rule.id for rule in all_rules()}
    assert diagnosis.findings[0].title == diagnosis.findings[0].rule.title


def test_a_consequence_is_printed_below_its_cause_and_indented() -> None:
    lines = str(broken()).splitlines()
    cause = next(i for i, line in enumerate(lines) if line.startswith("critical  GD103"))
    assert "in the model, before training" in lines[cause]
    follows = next(i for i, line in enumerate(lines) if line == "  Follows from GD103")
    assert follows > cause
    assert lines[follows + 1].startswith(("  critical  GD", "  warning  GD"))
