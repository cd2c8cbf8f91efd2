"""What is said of short runs: the fault benchmark's runs, cut at 300 steps and judged as runs of so many; no tests.

    python tests/benchmarks/short_runs.py RUNS_DIR JUDGEMENTS_DIR > reports/short-runs.md

RUNS_DIR is where `gandoctor benchmark` has kept its runs, JUDGEMENTS_DIR its reports/benchmark, from which it is known
which runs are ill. Faults that begin later than step 150 are left out. Each run is looked at every 25 steps. A finding
that the plan says is true of a healthy run is no alarm.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from gandoctor.diagnosis import diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.judge import read_judgements
from gandoctor.experiments.benchmark.plan import load_plan
from gandoctor.experiments.benchmark.publish import SPLITS
from gandoctor.experiments.benchmark.scoring import Case, cases_of
from gandoctor.experiments.benchmark.statistics import Share
from gandoctor.rules import Severity
from gandoctor.store import Run, load_run
from gandoctor.store.manifest import Declared
from reference_models.benchmark import plan as planned

PLAN = Path(planned.__file__).with_name("plan.json")
LENGTH, EVERY, LATEST_ONSET = 300, 25, 150
LENGTHS = {"300 steps, planned": LENGTH, "300 steps, length unknown": None}


def first_alarm(run: Run, true: set[str]) -> int | None:
    """Return the step of the first look with a finding above a remark that is no such truth; None where none is."""
    for step in range(EVERY, LENGTH + 1, EVERY):
        diagnosis = diagnose(run.until(step))
        if any(f.severity is not Severity.INFO and f.rule.id not in true for f in diagnosis.detected):
            return step
    return None


def looked_at(run_dir: Path, true: set[str]) -> dict[str, int | None] | None:
    """Return the first alarm by each way of knowing the length; None where the run cannot be read."""
    found = {}
    for name, length in LENGTHS.items():
        try:
            run = load_run(run_dir)
        except GandoctorError:
            return None
        run.manifest.declared, run.manifest.planned_steps = Declared(), length
        found[name] = first_alarm(run, true)
    return found


def table(cases: dict[str, list[Case]], found: dict[str, dict[str, int | None]]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| split | run | ill, with an alarm by step 300 | step of the first, 50 % / 90 % | healthy with an alarm |"
    yield "|---|---|---|---|---|"
    missed: dict[str, list[str]] = {}
    for split, ours in cases.items():
        ill = [c.run.id for c in ours if c.is_ill and c.run.onset <= LATEST_ONSET and c.run.id in found]
        well = [c.run.id for c in ours if c.run.kind == "healthy" and c.run.id in found]
        for name in LENGTHS:
            steps = [np.inf if (step := found[run][name]) is None else step for run in ill]
            alarmed = [run for run in well if found[run][name] is not None]
            missed[f"{split}, {name}"] = [run for run in ill if found[run][name] is None] + alarmed
            hits = Share(sum(step <= LENGTH for step in steps), len(ill))
            half, most = (_told(np.quantile(steps, q, method="higher")) for q in (0.5, 0.9)) if steps else ("-", "-")
            yield f"| {split} | {name} | {hits} | {half} / {most} | {Share(len(alarmed), len(well))} |"
    yield ""
    for name, runs in missed.items():
        yield f"- {name}: {', '.join(runs) or 'none'} (ill without an alarm, healthy with one)"


def _told(step: float) -> str:
    return "not by 300" if np.isinf(step) else f"{step:.0f}"


def main() -> None:
    """Run the command."""
    runs_dir, judgements = map(Path, sys.argv[1:3])
    plan = load_plan(PLAN)
    every = {name: one for split in SPLITS for name, one in read_judgements(judgements / f"{split}.jsonl").items()}
    cases = {split: cases_of(plan, every, split) for split in SPLITS}
    ids = {case.run.id: runs_dir / split / case.run.id / "run" for split, some in cases.items() for case in some}
    true = [set() if case.run.is_faulty else case.right for some in cases.values() for case in some]
    with ProcessPoolExecutor(2) as workers:
        looks = dict(zip(ids, workers.map(looked_at, ids.values(), true), strict=True))
    print("\n".join(table(cases, {run: one for run, one in looks.items() if one is not None})))


if __name__ == "__main__":
    main()
