"""Write the files of the corpus: the judgements, the record of who judged when, the report and its numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.judge import read_judgements, version, write_judgements
from gandoctor.experiments.benchmark.record import add_to_record, read_record
from gandoctor.experiments.benchmark.results import to_plain
from gandoctor.experiments.wild.catalogue import HALVES, Catalogue, Half
from gandoctor.experiments.wild.judge import Judgement
from gandoctor.experiments.wild.scoring import Scored, false_alarms, totals, totals_by
from gandoctor.experiments.wild.tables import report

SCHEMA = "gandoctor.wild/1"


def keep_judgements(catalogue: Catalogue, judged: Iterable[Judgement], folder: Path, command: str) -> None:
    """Add judgements to `folder`/HALF.jsonl and to the record. Judgements of other programs stay unchanged."""
    now = version()
    stamp = {"judged_by": f"{now['limits']}/{now['rules']}"}
    by_name = {one["id"]: {**one, **stamp} for one in judged}
    for half in HALVES:
        names = [case.name for case in catalogue.select([half])]
        new = {name: by_name[name] for name in names if name in by_name}
        if new:
            path = folder / f"{half}.jsonl"
            merged = {**read_judgements(path), **new}
            write_judgements(path, (merged[name] for name in names if name in merged))
            add_to_record(folder, half, catalogue.digest, len(new), now, command)


def scored_of(catalogue: Catalogue, folder: Path, half: Half) -> list[Scored]:
    """Return the judged programs of a half with their stored judgements, in the order of the catalogue."""
    judgements = read_judgements(folder / f"{half}.jsonl")
    return [Scored(case, judgements[case.name]) for case in catalogue.select([half]) if case.name in judgements]


def publish(catalogue: Catalogue, folder: Path) -> tuple[Path, Path]:
    """Score all stored judgements; write `folder`.md and `folder`.json, and return their paths.

    Raises:
        GandoctorError: There are no judgements.
    """
    by_half = {half: scored_of(catalogue, folder, half) for half in HALVES}
    if not any(by_half.values()):
        raise GandoctorError(f"There are no judgements in {folder}. Run `gandoctor benchmark --corpus wild` first.")
    record = read_record(folder)
    page, numbers = folder.with_suffix(".md"), folder.with_suffix(".json")
    page.write_text(report(catalogue, by_half, record), encoding="utf-8")
    halves = [numbers_of(half, scored) for half, scored in by_half.items() if scored]
    numbers.write_text(json.dumps({"schema": SCHEMA, "record": record, "halves": halves}, indent=1) + "\n", "utf-8")
    return page, numbers


def numbers_of(half: Half, scored: list[Scored]) -> dict[str, Any]:
    """Return the numbers of one half as plain data."""
    broken, fine = [one for one in scored if not one.case.is_fine], [one for one in scored if one.case.is_fine]
    return {
        "half": half,
        "all": to_plain(totals("all", broken)),
        "kinds": to_plain(totals_by(broken, lambda case: case.kind)),
        "data": to_plain(totals_by(broken, lambda case: case.data)),
        "games": to_plain(totals_by(broken, lambda case: case.game)),
        "styles": to_plain(totals_by(broken, lambda case: case.style)),
        "look_alikes": to_plain(false_alarms(fine)),
        "cases": [
            {
                "name": one.case.name,
                "verdict": one.verdict,
                "findings": one.findings,
                "causes": one.causes,
                "first": one.is_first,
                "cause_first": one.is_cause_first,
                "among": one.is_among,
                "silent": one.is_silent,
                "wrong": one.is_wrong,
                "forbidden": one.forbidden,
            }
            for one in scored
        ],
    }
