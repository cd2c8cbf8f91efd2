"""Judge kept benchmark runs again and compare with earlier judgements, run by run; holds no tests.

    python tests/benchmarks/judged_again.py RUNS_DIR EARLIER.jsonl [--with-declared] [--write NEW.jsonl]

Says for each run which findings, first steps, alarms and causes differ. Runs recorded by an earlier version are brought
up to date in memory first: `sample_lone_pixels` is measured on their contact sheets, the reference model's settings are
taken as declared, and the sentence that a player is frozen becomes its code.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from gandoctor.experiments.benchmark import judge as judging
from gandoctor.experiments.benchmark.plan import PlannedRun, load_plan
from gandoctor.experiments.benchmark.run_files import RunFiles
from gandoctor.measures.images import lone_pixel_share
from gandoctor.message import Absent
from gandoctor.store import Run, load_run
from gandoctor.store.manifest import Declared
from reference_models.benchmark import plan as planned

PLAN = Path(planned.__file__).with_name("plan.json")
LONE = "sample_lone_pixels"
DECLARED = {"pretrain_steps": "training", "real_label": "training", "fake_label": "training", "training_images": "data"}


def brought_up_to_date(run: Run) -> Run:
    """Return the run as this version would have recorded it."""
    settings = run.manifest.config.get("settings", {})
    if run.manifest.declared == Declared() and isinstance(settings, dict):
        told = {name: settings.get(room, {}).get(name) for name, room in DECLARED.items()}
        run.manifest.declared = Declared(**told)
    for name, absence in run.manifest.missing.items():
        if "all its weights are frozen" in str(absence):
            run.manifest.missing[name] = replace(absence, code=Absent.FROZEN)
    if LONE not in run:
        shares = {s.step: lone_pixel_share(f / np.float32(255)) for s in run.sheets if (f := s.fakes()) is not None}
        if shares:
            run.add_signal(LONE, shares)
    return run


def judged(run: PlannedRun, runs_dir: Path, with_declared: bool) -> dict[str, Any] | None:
    """Judge one run; None where it was not trained."""
    folder = runs_dir / run.split / run.id
    if not (folder / "trained.json").exists():
        return None
    files = RunFiles(folder, json.loads((folder / "trained.json").read_text())["made_of"])
    if not files.is_finished:
        return None
    with mock.patch.object(judging, "load_run", lambda path: brought_up_to_date(load_run(path))):
        return judging.judge(run, files, with_declared)


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Yield in words what is judged otherwise."""
    for key in ("outcome", "verdict", "alarms", "false_start", "looks"):
        if old.get(key) != new.get(key):
            yield f"{key}: {old.get(key)} -> {new.get(key)}"
    before, after = ({f["id"]: f for f in one.get("findings", [])} for one in (old, new))
    for rule in sorted(before.keys() | after.keys()):
        was, now = before.get(rule, {}), after.get(rule, {})
        for key in ("status", "severity", "first_step", "last_step", "causes"):
            if was.get(key) != now.get(key):
                yield f"{rule} {key}: {was.get(key)} -> {now.get(key)}"
    if old.get("causes") != new.get("causes"):
        yield f"causes: {old.get('causes')} -> {new.get('causes')}"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs_dir", type=Path)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("--with-declared", action="store_true")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    earlier = {(one := json.loads(line))["id"]: one for line in given.earlier.read_text().splitlines()}
    runs = [run for run in load_plan(PLAN).runs if run.id in earlier]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(2) as executor:
        look = partial(judged, runs_dir=given.runs_dir, with_declared=given.with_declared)
        again = {one["id"]: one for one in executor.map(look, runs) if one is not None}
    differ = {name: told for name, one in again.items() if (told := list(differences(earlier[name], one)))}
    for name, told in differ.items():
        print(name, *told, sep="\n    ")
    print(f"{len(again)} runs judged again, {len(differ)} differ.")
    if given.write is not None:
        given.write.write_text("".join(json.dumps(one) + "\n" for one in again.values()))


if __name__ == "__main__":
    main()
