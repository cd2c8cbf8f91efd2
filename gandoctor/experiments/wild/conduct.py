"""Run the programs one after another, each unchanged and recorded as `gandoctor run` does. Finished ones stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.run_files import Outcome, RunFiles
from gandoctor.experiments.job import Job
from gandoctor.experiments.launch import ChildTraining
from gandoctor.experiments.wild.catalogue import Case, Catalogue
from gandoctor.store.manifest import MANIFEST_NAME

LIMIT_S = 900.0
"""Seconds after which a program is killed and counts as failed."""

Progress = Callable[[Case, RunFiles, int, int], None]
"""Called after every program with its case, its files, the number of finished ones and the total."""


def files_of(catalogue: Catalogue, runs_dir: Path, case: Case) -> RunFiles:
    """Return the files of a case's run. Those of another version of the program do not count."""
    return RunFiles(runs_dir / case.half / case.name, catalogue.digest_of(case))


def conduct(catalogue: Catalogue, cases: Iterable[Case], runs_dir: Path, progress: Progress) -> None:
    """Run the programs that have not been run. One that breaks stops no other: how it ended is part of its record."""
    wanted = list(cases)
    for done, case in enumerate(wanted, start=1):
        files = files_of(catalogue, runs_dir, case)
        if files.trained is None:
            _run(catalogue.program(case), files)
            progress(case, files, done, len(wanted))


def _run(program: Path, files: RunFiles) -> None:
    files.folder.mkdir(parents=True, exist_ok=True)
    files.begin()
    started = time.monotonic()
    try:
        outcome, why = _run_recorded(program, files.run_dir)
    except GandoctorError as error:
        outcome, why = "failed", str(error)
    files.finish(outcome, time.monotonic() - started, why)


def _run_recorded(program: Path, run_dir: Path) -> tuple[Outcome, str | None]:
    """Run a program; return "failed" with what a person is told if nothing of it was recorded."""
    command = ["gandoctor", "run", program.name]
    training = ChildTraining(Job(target=str(program), run_dir=str(run_dir), command=command))
    try:
        if not training.wait(LIMIT_S):
            training.kill()
    except BaseException:
        training.kill()
        raise
    ended = training.outcome()
    if not (run_dir / MANIFEST_NAME).exists():
        return "failed", ended.reason or "Nothing was recorded."
    return ("completed" if ended.ending == "completed" else "crashed"), ended.reason
