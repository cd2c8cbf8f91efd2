"""Which faults are found in runs of the test split that were trained anew, beside what was found in the committed ones.

    python tests/benchmarks/found_again.py reports/benchmark/anew.jsonl

Takes rows as `gandoctor benchmark --reports-dir` writes them, too. A run counts as ill by the committed limits of the
oracle, each time by its own samples. Writes nothing.
"""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from gandoctor.experiments.benchmark.plan import PlannedRun, load_plan
from gandoctor.experiments.benchmark.truth import limits_of_bands, truth_of

COMMITTED = Path(__file__).resolve().parents[2] / "reports" / "benchmark"


def rows_of(path: Path) -> dict[str, Any]:
    """Return the rows of a file by the id of their run."""
    return {row["id"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


def has_alarm(row: dict[str, Any]) -> bool:
    """Tell whether anything above a remark was found at the end."""
    return any(f["status"] == "detected" and f["severity"] != "info" for f in row["findings"])


def main() -> None:
    """Print a line a kind of run, and the ill runs that are not found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path, nargs="+")
    plan = load_plan(Path(str(files("reference_models.benchmark") / "plan.json")))
    planned = {run.id: run for run in plan.runs}
    then = rows_of(COMMITTED / "test.jsonl")
    limits = limits_of_bands(plan, {**rows_of(COMMITTED / "calibration.jsonl"), **then})
    now = {name: row for path in parser.parse_args().rows for name, row in rows_of(path).items()}

    def is_ill(run: PlannedRun, row: dict[str, Any]) -> bool:
        is_damaged = row["outcome"] != "completed" or run.kind == "synthetic"
        return is_damaged or bool(truth_of(plan, run, row, limits).damaged)

    for kind in ("scary", "mechanistic", "synthetic"):
        for ill in (True, False):
            some = [n for n in now if planned[n].kind == kind and is_ill(planned[n], now[n]) == ill]
            found = [[n for n in some if n in rows and has_alarm(rows[n])] for rows in (now, then)]
            if some:
                print(
                    f"{kind}, {'ill' if ill else 'not ill'}: {len(found[0])} of {len(some)} found, then {len(found[1])}"
                )
            if ill and kind in ("mechanistic", "synthetic"):
                missed = (f"{n} ({now[n]['verdict']}, then {then[n]['verdict']})" for n in some if n not in found[0])
                print("  not found:", ", ".join(missed) or "none")


if __name__ == "__main__":
    main()
