"""What a long run costs to load, judge and show, in processor seconds and memory: one row of `reports/long-runs.md`.

    PYTHONPATH=tests python tests/benchmarks/long_runs.py [--steps N] [--run DIR] [--profile]

Prints the row for this checkout; to compare two of them, run it in both, at the same time of day. The run is that of
`report_size.py`. `--run` takes one that was written before; `--profile` prints where the time of the diagnosis goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - loaded before anything is timed
import pyarrow  # noqa: F401

from gandoctor.diagnosis import diagnose
from gandoctor.report import render_html
from gandoctor.rules import all_rules
from gandoctor.store import load_run


def timed(action: Callable[[], Any]) -> tuple[Any, str]:
    """Return what an action returns, and what it took."""
    started = time.process_time()
    result = action()
    took = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return result, f"{took:.1f} s, {memory:,} MB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    run_dir = given.run
    if run_dir is None:
        from report_size import write_run

        run_dir = Path(tempfile.mkdtemp(prefix="long-")) / "run"
        write_run(run_dir, given.steps)
    all_rules()
    run, load = timed(lambda: load_run(run_dir))
    profile = cProfile.Profile(time.process_time)
    if given.profile:
        profile.enable()
    diagnosis, judge = timed(lambda: diagnose(run))
    profile.disable()
    _, page = timed(lambda: render_html(diagnosis))
    _, look = timed(run.refresh)
    print(f"| {run.last_step:,} | {len(run.names)} | {load} | {judge} | {page} | {look} |")
    if given.profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumtime").print_stats("gandoctor", 30)


if __name__ == "__main__":
    main()
