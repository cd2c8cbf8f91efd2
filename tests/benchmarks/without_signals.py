"""What single groups of signals are worth: judges recorded runs with all signals and without each group; no tests.

    python tests/benchmarks/without_signals.py WILD_RUNS CALIBRATION_RUNS >> reports/signals.md

WILD_RUNS and CALIBRATION_RUNS are the folders in which `gandoctor benchmark` has kept its runs (--runs-dir, and of the
fault benchmark its split).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.plan import load_plan
from gandoctor.experiments.wild.catalogue import Catalogue
from gandoctor.experiments.wild.conduct import files_of
from gandoctor.experiments.wild.judge import said_of
from gandoctor.experiments.wild.scoring import Scored, false_alarms, totals
from gandoctor.rules import Severity
from gandoctor.store import Run, load_run
from gandoctor.store.manifest import Declared
from reference_models import wild
from reference_models.benchmark import plan as planned

GROUPS = {
    "none": (),
    "discriminator's input gradient": ("d_input_gradient",),
    "updates a step": ("d_updates_a_step", "g_updates_a_step"),
    "gradients left over": ("d_grad_left_over", "g_grad_left_over"),
}
"""Name -> beginnings of the names of the signals that are left out."""
CATALOGUE = Path(wild.__file__).with_name("catalogue.toml")
PLAN = Path(planned.__file__).with_name("plan.json")


@dataclass(frozen=True)
class Seen:
    """What one run was judged to be without a group of signals.

    Attributes:
        group: Which were left out.
        id: Of the run or program; said: its judgement, as `said_of` gives it.
        since: Onset of the earliest finding above a remark; None where there is none.
        kind: "healthy" or "ill" of the fault benchmark; None for a program.
    """

    group: str
    id: str
    said: dict[str, object]
    since: int | None
    kind: str | None = None


def without(run: Run, names: tuple[str, ...]) -> Run:
    """Return the run as if signals had not been recorded."""
    for game in (run, *run.games.values()):
        for name in [name for name in game.names if names and name.startswith(names)]:
            del game._columns[name]
            game.__dict__.pop("signals", None)
    return run


def judged(run_dir: Path, id_: str, kind: str | None) -> list[Seen]:
    """Return what is said of a run without each group."""
    seen = []
    for group, names in GROUPS.items():
        try:
            run = without(load_run(run_dir), names)
        except GandoctorError:
            return []
        if kind is not None:
            run.manifest.declared = Declared()
        diagnosis = diagnose(run)
        seen.append(Seen(group, id_, said_of(diagnosis), _since(diagnosis), kind))
    return seen


def _since(diagnosis: Diagnosis) -> int | None:
    steps = [f.first_step for f in diagnosis.detected if f.severity is not Severity.INFO and f.first_step is not None]
    return min(steps, default=None)


def runs(wild_runs: Path, calibration: Path) -> Iterator[tuple[Path, str, str | None]]:
    """Yield directory, id and kind of every run that was recorded."""
    catalogue = Catalogue(CATALOGUE)
    for case in catalogue.select():
        files = files_of(catalogue, wild_runs, case)
        if files.trained is not None and files.run_dir.exists():
            yield files.run_dir, case.name, None
    for run in load_plan(PLAN).runs:
        if run.split == "calibration" and (calibration / run.id / "trained.json").exists():
            yield calibration / run.id / "run", run.id, "healthy" if run.kind == "healthy" else "ill"


def table(seen: list[Seen]) -> Iterator[str]:
    """Yield the lines of the table."""
    cases = {case.name: case for case in Catalogue(CATALOGUE).select()}
    yield (
        "| left out | named rightly first | silent | called healthy | alarms on look-alikes | faults found "
        "| healthy runs with an alarm | findings since (median step) |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for group in GROUPS:
        ours = [one for one in seen if one.group == group]
        scored = [Scored(cases[one.id], one.said) for one in ours if one.kind is None]
        broken = totals(group, [one for one in scored if not one.case.is_fine])
        fine = false_alarms([one for one in scored if one.case.is_fine])
        ill = [one for one in ours if one.kind == "ill"]
        well = [one for one in ours if one.kind == "healthy"]
        onsets = [one.since for one in ill if one.since is not None]
        shares = (broken.first, broken.silent, broken.healthy, fine.warning)
        told = " | ".join(f"{share.hits}/{share.of}" for share in shares)
        found, alarmed = (sum(bool(one.said["findings"]) for one in some) for some in (ill, well))
        middle = f"{np.median(onsets):.0f}" if onsets else "-"
        yield f"| {group} | {told} | {found}/{len(ill)} | {alarmed}/{len(well)} | {middle} |"


def main() -> None:
    """Run the command."""
    todo = list(runs(*map(Path, sys.argv[1:3])))
    with ProcessPoolExecutor(2) as workers:
        found = [one for seen in workers.map(judged, *zip(*todo, strict=True)) for one in seen]
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
