"""Write the files of a benchmark: the judgements, the record of who judged when, the report and its numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.judge import Judgement, read_judgements, version, write_judgements
from gandoctor.experiments.benchmark.plan import Plan, Split
from gandoctor.experiments.benchmark.record import add_to_record, read_record
from gandoctor.experiments.benchmark.results import results_of, to_plain
from gandoctor.experiments.benchmark.tables import report

SCHEMA = "gandoctor.benchmark/1"
SPLITS: tuple[Split, ...] = ("calibration", "test")


def keep_judgements(plan: Plan, judged: Iterable[Judgement], folder: Path, command: str) -> None:
    """Add judgements to `folder`/SPLIT.jsonl and to the record. Judgements of other runs stay unchanged."""
    by_id = {one["id"]: one for one in judged}
    now = version()
    for split in SPLITS:
        of_split = [run.id for run in plan.runs if run.split == split]
        new = {name: {**by_id[name], "judged_by": _short_version(now)} for name in of_split if name in by_id}
        if new:
            path = folder / f"{split}.jsonl"
            merged = {**read_judgements(path), **new}
            write_judgements(path, (merged[name] for name in of_split if name in merged))
            add_to_record(folder, split, plan.digest, len(new), now, command)


def publish(plan: Plan, folder: Path) -> tuple[Path, Path]:
    """Score all stored judgements; write `folder`.md and `folder`.json, and return their paths.

    Raises:
        GandoctorError: There are no judgements.
    """
    by_split = {split: read_judgements(folder / f"{split}.jsonl") for split in SPLITS}
    every = {name: one for judgements in by_split.values() for name, one in judgements.items()}
    if not every:
        raise GandoctorError(f"There are no judgements in {folder}. Run `gandoctor benchmark` first.")
    results = [results_of(plan, every, split) for split in SPLITS if by_split[split]]
    record = read_record(folder)
    page, numbers = folder.with_suffix(".md"), folder.with_suffix(".json")
    page.write_text(report(plan, results, record, _find_mixed_splits(by_split)), encoding="utf-8")
    content = {"schema": SCHEMA, "record": record, "splits": [to_plain(one) for one in results]}
    numbers.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return page, numbers


def _find_mixed_splits(by_split: dict[Split, dict[str, Judgement]]) -> Sequence[str]:
    """Return the splits whose judgements were made by more than one version."""
    return [split for split, judged in by_split.items() if len({one.get("judged_by") for one in judged.values()}) > 1]


def _short_version(now: dict[str, str | None]) -> str:
    return f"{now['limits']}/{now['rules']}"
