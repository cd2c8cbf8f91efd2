"""What runs of ten times as many steps, layers or runs cost to load, judge and show; writes `reports/long-runs.md`.

    PYTHONPATH=tests python tests/benchmarks/long_runs.py                            # the whole table, 5 minutes
    PYTHONPATH=tests python tests/benchmarks/long_runs.py --one STEPS LAYERS [RUNS]  # one row; writes nothing
    ... --one 1000000 12 --profile                                                   # where its diagnosis goes

Runs are those of `report_size.py`. Each row is measured in a process of its own: seconds of the processor, and the most
memory until then. It needs an idle machine.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - loaded before anything is timed
import pyarrow  # noqa: F401
from report_size import write_run

from gandoctor.comparison.side_by_side import read, side_by_side
from gandoctor.diagnosis import diagnose
from gandoctor.report import render_html
from gandoctor.report.page.compared import comparison_page
from gandoctor.rules import all_rules
from gandoctor.store import load_run

PAGE = Path(__file__).resolve().parents[2] / "reports" / "long-runs.md"
TALLER = ((1_000, 12, 1), (10_000, 12, 1), (100_000, 12, 1), (1_000_000, 12, 1), (10_000, 120, 1), (1_000, 12, 10))
"""Steps, layers of each player and runs of each row."""


def timed(action: Callable[[], Any]) -> tuple[Any, str]:
    """Return what an action returns, and what it took."""
    started = time.process_time()
    result = action()
    took = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return result, f"{took:.2f} s, {memory:,} MB"


def look(run: Any, writer: Any, steps: int) -> str:
    """Return the milliseconds that a loaded run takes to read 64 new steps, the median of five."""
    taken = []
    for turn in range(5):
        for step in range(steps + 64 * turn + 1, steps + 64 * (turn + 1) + 1):
            writer.record(step, {"d_loss": 0.7, "g_loss": 0.7, "d_grad_norm": 1.0, "g_grad_norm": 1.0})
        writer.flush()
        started = time.process_time()
        run.refresh()
        assert run.last_step == steps + 64 * (turn + 1)
        taken.append(time.process_time() - started)
    return f"{sorted(taken)[2] * 1e3:.0f} ms"


def row(steps: int, layers: int, count: int, profiled: bool) -> str:
    """Measure one row of the table."""
    folder = Path(tempfile.mkdtemp(prefix="long-"))
    try:
        places = [folder / str(i) for i in range(count)]
        writers = [write_run(place, steps, layers=layers, end=False) for place in places]
        all_rules()
        runs, load = timed(lambda: [load_run(place) for place in places])
        profile = cProfile.Profile(time.process_time)
        if profiled:
            profile.enable()
        diagnoses, judge = timed(lambda: [diagnose(run) for run in runs])
        profile.disable()
        if count == 1:
            _, page = timed(lambda: render_html(diagnoses[0]))
        else:
            _, page = timed(lambda: comparison_page(side_by_side(*read(places)), "en"))
        later = look(runs[0], writers[0], steps)
        for writer in writers:
            writer.close("completed")
    finally:
        shutil.rmtree(folder)
    if profiled:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumtime").print_stats("gandoctor", 40)
    return f"| {steps:,} | {len(runs[0].names)} | {count} | {load} | {judge} | {page} | {later} |"


def main() -> None:
    """Measure one row, or all of them, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", type=int, nargs="+", metavar="N", help="steps, layers and how many runs")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    if given.one is not None:
        steps, layers, count = (*given.one, *(12, 1)[len(given.one) - 1 :])
        print(row(steps, layers, count, given.profile))
        return
    rows = []
    for wanted in TALLER:
        command = [sys.executable, __file__, "--one", *map(str, wanted)]
        rows.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
        print(rows[-1], flush=True)
    lines = [
        "# What a long run costs",
        "",
        "Made by `PYTHONPATH=tests python tests/benchmarks/long_runs.py` on 2 CPU cores: seconds of the processor, and",
        "the most memory until then, of a process each. Losses and gradient norms have a value a step, everything else",
        "one at each of at most 2,000 probes. With one run, *show* draws the report; with several it is all that",
        f"`gandoctor compare` does. The machine's load was {os.getloadavg()[2]:.0f} meanwhile.",
        "",
        "The aims for a million steps: loaded in 1 s, judged in 2 s, shown in 4 s, 400 MB, a look in 50 ms.",
        "",
        "| steps | signals | runs | load | diagnose | show | look after 64 new steps |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
