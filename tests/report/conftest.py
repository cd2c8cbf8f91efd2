"""Fixtures of the report's tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_runs import close, hostile_diagnosis, make_diagnosis, make_manifest, write_run

from gandoctor.diagnosis import Diagnosis
from gandoctor.store import Run, RunWriter, load_run


@pytest.fixture(scope="session")
def failing_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write_run(tmp_path_factory.mktemp("report") / "failing")


@pytest.fixture
def failing(failing_run: Run) -> Diagnosis:
    return make_diagnosis(failing_run)


@pytest.fixture
def run_of(tmp_path: Path) -> Callable[..., Run]:
    """Write a small run from rows: run_of([{...}, ...], **manifest)."""

    def write(rows: list[dict[str, float | None]], reason: str | None = "completed", **changes: Any) -> Run:
        folder = tmp_path / "run"
        shutil.rmtree(folder, ignore_errors=True)
        writer = RunWriter(folder, make_manifest(**changes))
        for step, row in enumerate(rows, start=1):
            writer.record(step, row)
        close(writer, reason)
        return load_run(folder)

    return write


@pytest.fixture
def hostile(tmp_path: Path) -> Diagnosis:
    return hostile_diagnosis(tmp_path)
