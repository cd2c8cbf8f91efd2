"""What a run is worth to a search, whichever library asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gandoctor.errors import GandoctorError
from gandoctor.integrations.trials import FailedTrial, severe_finding, severity_called, worth_of
from gandoctor.rules import Severity
from gandoctor.store import Manifest, RunWriter
from support.trial_runs import record


def test_a_run_is_worth_its_late_distance(tmp_path: Path) -> None:
    assert worth_of(record(tmp_path / "run", 0.25)) == 0.25


@pytest.mark.parametrize(
    ("kid", "what", "why"),
    [
        (0.1, {"broken": True}, "d_loss"),
        (0.1, {"ended_by": "GD201"}, "StopOnFinding ended it at step 100: GD201"),
        (float("inf"), {}, "sample_kid is inf"),
    ],
)
def test_a_run_that_has_failed_is_worth_nothing(tmp_path: Path, kid: float, what: dict[str, bool], why: str) -> None:
    with pytest.raises(FailedTrial, match=why):
        worth_of(record(tmp_path / "run", kid, **what))


def test_a_guard_counts_until_the_run_is_resumed(tmp_path: Path) -> None:
    record(tmp_path / "run", 0.1, ended_by="GD201")
    writer = RunWriter(tmp_path / "run", Manifest(loss_family="non_saturating"), resume=True)
    for step in range(101, 201):
        writer.record(step, {"d_loss": 0.6, "g_loss": 0.7, "sample_kid": 0.2})
    writer.close("completed")
    assert worth_of(tmp_path / "run") == 0.2


def test_without_a_distance_the_search_is_told_what_to_pass(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="measured no quality"):
        worth_of(record(tmp_path / "run", None))


def test_a_finding_counts_from_the_severity_that_was_asked_for(tmp_path: Path) -> None:
    bad = record(tmp_path / "bad", 0.1, broken=True)
    found = severe_finding(bad, Severity.CRITICAL)
    assert found is not None
    assert found.severity is Severity.CRITICAL
    assert severe_finding(record(tmp_path / "good", 0.1), Severity.CRITICAL) is None
    assert severe_finding(tmp_path / "not yet", Severity.INFO) is None
    with pytest.raises(GandoctorError, match="use one of info"):
        severity_called("awful")
