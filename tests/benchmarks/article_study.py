"""The article's dropout and rate, found again: a study of the reference model at small width, with what it cost.

    python tests/benchmarks/article_study.py            # trains what has not been trained, writes reports/study.md
    python tests/benchmarks/article_study.py --report   # finished trainings only

The article advises dropout between 0.3 and 0.6 and has rates of 4e-4 and 8e-4. The base is that; each value is tried
with the same three seeds. Trainings stay in `runs/study/` and are not repeated.
"""

from __future__ import annotations

import argparse
import json
import math
import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

REPORT = Path(__file__).resolve().parents[2] / "reports" / "study.md"
WORDS = (
    *("study", "--set", "generator.width=0.125", "--set", "discriminator.width=0.125"),
    *("--set", "training.freeze_discriminator=true", "--steps", "600", "--seed", "1", "--seeds", "3"),
    *("--look-at", "300,450", "--vary", "discriminator.dropout=0.2,0.6,0.9"),
    *("--vary", "discriminator.learning_rate=8e-5,8e-3"),
)


def report(study: dict[str, Any], planned: int) -> str:
    """Return the report of a study, as `study.json` has it."""
    runs = study["runs"]
    by_arm = {one["arm"]: [r for r in runs if r["arm"] == one["arm"]] for one in runs}

    def row(name: str, ratios: str, said: str) -> str:
        own = by_arm.get(name, [])
        quality = ", ".join(f"{run['quality']:.2f}" for run in own if isinstance(run["quality"], float))
        verdicts = ", ".join(run["verdict"] or run["ending"] for run in own)
        steps = ", ".join(str(run["steps"]) for run in own)
        return f"| {name} | {quality} | {ratios} | {said} | {verdicts} | {steps} |"

    def times(value: float | str) -> str:
        return f"{math.exp(value):.2f}" if isinstance(value, float) else str(value)

    done = [run for run in runs if run["ending"] != "not trained"]
    lines = [
        "# The article's dropout and rate, studied",
        "",
        "Made by `python tests/benchmarks/article_study.py`, which runs",
        "",
        "```sh",
        shlex.join(["gandoctor", *WORDS]),
        "```",
        "",
        "The base has the article's values: dropout 0.4 in both players, rates of 8e-4 (discriminator) and 4e-4",
        "(generator); an eighth of its width, batches of 32, the discriminator frozen in the generator's step. Quality",
        f"is {study['quality']} late in the run, less is better; ratios are over the base's run of the same seed.",
        "",
        f"{len(done)} of {planned} trainings, {study['steps']:,} steps, {study['seconds'] / 60:.0f} minutes of a",
        "shared machine with two cores, one training at a time. Three seeds tell a direction only.",
        "",
        "| change | quality by seed | over the base's | what can be said | verdicts | steps |",
        "|---|---|---|---|---|---|",
        row("base", "", ""),
        *(
            row(one["arm"], ", ".join(times(v) for v in one["log_ratios"].values()), one["conclusion"])
            for one in study["effects"]
        ),
        "",
        *(f"- {note}" for note in study["notes"]),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the study and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs/study"), help="folder of the study")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="train nothing")
    given = parser.parse_args()
    if not given.report:
        words = [*WORDS, "--into", str(given.runs), "--workers", str(given.workers)]
        subprocess.run([sys.executable, "-m", "gandoctor", *words], check=True)
    planned = 3 * (1 + sum(word.count(",") + 1 for name, word in pairwise(WORDS) if name == "--vary"))
    REPORT.write_text(report(json.loads((given.runs / "study.json").read_text()), planned))
    print(REPORT)


if __name__ == "__main__":
    main()
