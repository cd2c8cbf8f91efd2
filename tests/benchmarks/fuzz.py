"""Mutated run directories and odd command lines: no traceback, no hang, no silent loss, bounded memory.

    PYTHONPATH=tests python tests/benchmarks/fuzz.py [--nightly] [--seed N] [--only CASE]

By default 2,000 directories and 200 command lines; with `--nightly` 20,000 and 2,000. Case `i` is made from the seed
and `i` alone, so that `--only i` shows a failing one again, with its traceback. The table goes to `reports/fuzz.md`.
Exits with 1 if something failed. Needs no framework.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

import gandoctor.diagnosis
import gandoctor.rules
import gandoctor.watch.follow
from gandoctor.cli import main as gandoctor
from gandoctor.errors import GandoctorError
from gandoctor.store import Manifest, RunWriter, load_run
from support.directory_mutations import MUTATIONS, touches_what_is_recorded
from support.report_runs import write_run

REPORT = Path(__file__).resolve().parents[2] / "reports" / "fuzz.md"
SECONDS = 30
MEMORY = 1 << 30
"""Address space that a case may add to that of the process it starts in."""
CHUNK = 25
"""Cases of one process: what one of them does to it is not blamed on the next hundreds."""
VIEWS: tuple[tuple[str, ...], ...] = (
    ("diagnose", "RUN"),
    ("diagnose", "RUN", "--json"),
    ("watch", "RUN"),
    ("report", "RUN", "--output", "OUT.md", "--format", "md"),
    ("report", "RUN", "--output", "OUT.html"),
    ("report", "RUN", "--output", "OUT.html", "--lang", "zh"),
    ("runs", "FOLDER"),
)
WORDS: tuple[str, ...] = (
    *("diagnose", "watch", "report", "runs", "rules", "faults", "check", "run", "benchmark", "wild", "nonsense"),
    *("RUN", "FOLDER", "OUT.html", "-", "", "--", "-h", "--help", "nowhere", "no/such.py", "no.module:factory"),
    *("--json", "--output", "--format", "html", "md", "xml", "--lang", "zh", "--fail-on", "never", "--open", "--port"),
    *("--run-dir", "--resume", "--steps", "0", "-1", "1e9", "--seed", "--set", "a=b", "--fault", "x@y", "--preset"),
    *("\x07bell", "\x1b[2J", "\udcff", "x" * 300, "é²٣", "../" * 50, "/dev/null", "/dev/full", "NaN", "{0}", "%s"),
    *("\u202e", "99999", "quick", "run.json", "GD301"),
)
STARTS_WORK = {"run", "check", "benchmark", "wild", "--open", "--live"}
"""Words of which no command line is made that could train, open a browser or serve."""


@dataclass
class Outcome:
    """What became of a case.

    Attributes:
        how: "answered", "refused" (one clear error), "traceback", "hang", "killed" or "silent loss".
        detail: The last line of a traceback, or what was lost.
    """

    case: int
    what: str
    how: str
    seconds: float
    detail: str = ""


def make_seeds(folder: Path) -> list[Path]:
    """Write the runs that are mutated: a failing one of images, a killed one, one of vectors, one of two games."""
    failing = folder / "failing"
    write_run(failing, steps=200)
    write_run(folder / "killed", steps=120, reason=None)
    vectors = folder / "vectors"
    for path in (vectors, folder / "games" / "games" / "a", folder / "games" / "games" / "b"):
        writer, rng = RunWriter(path, Manifest(planned_steps=60)), np.random.default_rng(0)
        for step in range(1, 61):
            writer.record(
                step, {"d_loss": 1.0 / step, "g_loss": 1.0, **({"sample_std": 0.5} if step % 10 == 0 else {})}
            )
        writer.real_values(rng.standard_normal((64, 3)).astype(np.float32))
        writer.sample_values(60, rng.standard_normal((64, 3)).astype(np.float32))
        writer.close("completed")
    Manifest(games={"a": "given", "b": "inferred"}).save(folder / "games")
    for path in folder.rglob("events.jsonl"):  # the writer is gone: nobody waits for this process to write on
        path.write_text(path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 999999'))
    return [failing, folder / "killed", vectors, folder / "games"]


def directory_case(case: int, seed: int, seeds: list[Path], scratch: Path) -> Outcome:
    """Mutate one directory, show it in one view, and compare what was read with what was written."""
    rng = random.Random(f"{seed}/{case}")
    original = rng.choice(seeds)
    run_dir = scratch / f"run{case}"
    shutil.copytree(original, run_dir)
    names = [rng.choice(list(MUTATIONS)) for _ in range(rng.choice((1, 1, 1, 2, 4)))]
    changed: set[str] = set()
    for name in names:
        with contextlib.suppress(
            OSError, ValueError, IndexError
        ):  # an earlier mutation may have put a folder or a pipe there
            changed |= MUTATIONS[name](run_dir, rng)
    for path in run_dir.rglob("*"):
        os.utime(path, (1.0, 1.0), follow_symlinks=False)  # nor for one on another machine
    outcome = command_case(case, names[0], list(rng.choice(VIEWS)), run_dir, scratch)
    if outcome.how in ("answered", "refused") and (lost := _silent_loss(original, run_dir, changed)):
        outcome.how, outcome.detail = "silent loss", f"{lost} after {names}"
    shutil.rmtree(run_dir, ignore_errors=True)
    return outcome


def _silent_loss(original: Path, run_dir: Path, changed: set[str]) -> str:
    """Return a signal that is not as it was written though no gap says so; nothing where all is well."""
    if not changed or not all(map(touches_what_is_recorded, changed)):
        return ""  # of a manifest or log that was changed, no one can tell what had been in it
    try:
        run = load_run(run_dir)
        if run.gaps:
            return ""
        return next((name for name, values in _recorded(original) if not _same(run, name, values)), "")
    except GandoctorError:
        return ""


def _recorded(path: Path) -> Iterator[tuple[str, Any]]:
    run = load_run(path)
    yield from ((name, run[name]) for name in run.names)


def _same(run: Any, name: str, values: Any) -> bool:
    return name in run and run[name].equals(values)


def command_line_case(case: int, seed: int, seeds: list[Path], scratch: Path) -> Outcome:
    """Run words drawn at random."""
    rng = random.Random(f"{seed}/line/{case}")
    while True:
        line = [rng.choice(WORDS) for _ in range(rng.randint(0, 6))]
        if not STARTS_WORK & set(line) or (line[0] in STARTS_WORK and ({"--help", "-h"} & set(line[1:2]))):
            break
        if line[0] in ("run", "check") and {"nowhere", "no/such.py", "no.module:factory"} & set(line[1:2]):
            break  # stops at a target that is not there
    return command_case(case, f"command line: {line[0] if line else ''}"[:40], line, seeds[0], scratch)


def command_case(case: int, what: str, line: list[str], run_dir: Path, scratch: Path) -> Outcome:
    """Run one command in this process, with its time and memory limited."""
    places = {"RUN": run_dir, "FOLDER": run_dir.parent, "OUT.html": scratch / "out.html", "OUT.md": scratch / "out.md"}
    arguments = [str(places.get(word, word)) for word in line]
    out, errors = io.StringIO(), io.StringIO()
    started = time.monotonic()

    def told(how: str, detail: str = "") -> Outcome:
        return Outcome(case, what, how, round(time.monotonic() - started, 2), detail)

    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors), contextlib.chdir(scratch):
            gandoctor(arguments)
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 0
        if "Traceback" in errors.getvalue() or status not in (0, 1, 2):
            return told("traceback", f"status {status}: {errors.getvalue()[-200:]}")
        return told("refused" if status == 2 else "answered")
    except TimeoutError:
        return told("hang", " ".join(line))
    except BaseException:  # noqa: BLE001 - a panic of another language is none of Exception's
        text = traceback.format_exc()
        return told("traceback", f"{' '.join(line[:1])}: {text.strip().splitlines()[-1][:160]}\n{text}")
    finally:
        signal.alarm(0)


def _too_long(*_: object) -> None:
    raise TimeoutError


Case = Callable[[int, int, list[Path], Path], Outcome]


def in_a_child(cases: range, make: Case, seed: int, seeds: list[Path]) -> tuple[list[Outcome], int]:
    """Run cases in a forked process; return their outcomes and the most memory it had, in MB."""
    scratch = Path(tempfile.mkdtemp(prefix="fuzz-"))
    receive, send = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(receive)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)
        with os.fdopen(send, "w") as pipe:
            status = 1
            try:
                for case in cases:
                    print(case, file=pipe, flush=True)
                    print(json.dumps(asdict(make(case, seed, seeds, scratch))), file=pipe, flush=True)
                status = 0
            except BaseException:  # noqa: BLE001 - nothing of the parent's may run in here
                traceback.print_exc()
        os._exit(status)
    os.close(send)
    outcomes, last = [], cases.start
    with os.fdopen(receive) as pipe:
        for line in pipe:
            if line.startswith("{"):
                outcomes.append(Outcome(**json.loads(line)))
            else:
                last = int(line)
    _, status, used = os.wait4(pid, 0)
    if status:
        outcomes.append(Outcome(last, "?", "killed", 0.0, f"status {os.waitstatus_to_exitcode(status)}"))
    shutil.rmtree(scratch, ignore_errors=True)
    return outcomes, used.ru_maxrss >> 10


def run_all(count: int, make: Case, seed: int, seeds: list[Path]) -> tuple[list[Outcome], int]:
    """Run so many cases; return their outcomes and the most memory a process had, in MB."""
    outcomes: list[Outcome] = []
    most = first = 0
    while first < count:
        done, memory = in_a_child(range(first, min(first + CHUNK, count)), make, seed, seeds)
        outcomes += done
        most, first = max(most, memory), outcomes[-1].case + 1
        print(f"\r{first} of {count}", end="", file=sys.stderr, flush=True)
    return outcomes, most


def table(outcomes: list[Outcome], title: str) -> Iterator[str]:
    """Yield the lines of a Markdown table, one row for each kind of case."""
    hows = ("answered", "refused", "silent loss", "traceback", "hang", "killed")
    yield f"| {title} | tried | {' | '.join(hows)} | slowest |"
    yield f"|---|{'---|' * (len(hows) + 2)}"
    kinds = Counter(outcome.what for outcome in outcomes)
    for what in (*sorted(kinds), None):
        mine = [outcome for outcome in outcomes if what in (None, outcome.what)]
        counts = Counter(outcome.how for outcome in mine)
        cells = [f"{counts[how]:,}" for how in hows]
        label = "**all**" if what is None else what
        yield f"| {label} | {len(mine):,} | {' | '.join(cells)} | {max(o.seconds for o in mine):.1f} s |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nightly", action="store_true", help="ten times as many cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="one directory, with its traceback")
    parser.add_argument("--directories", type=int)
    parser.add_argument("--lines", type=int)
    given = parser.parse_args()
    directories = given.directories or (20_000 if given.nightly else 2_000)
    lines = given.lines or (2_000 if given.nightly else 200)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-seeds-"))
    try:
        seeds = make_seeds(folder)
        if given.only is not None:
            print(in_a_child(range(given.only, given.only + 1), directory_case, given.seed, seeds)[0][0].detail)
            return 0
        started = time.monotonic()
        mutated, memory = run_all(directories, directory_case, given.seed, seeds)
        typed, typed_memory = run_all(lines, command_line_case, given.seed, seeds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = [o for o in (*mutated, *typed) if o.how not in ("answered", "refused")]
    size = f"{' --nightly' if given.nightly else ''} --seed {given.seed}"
    minutes = (time.monotonic() - started) / 60
    text = [
        "# Mutated directories and odd command lines",
        "",
        f"Made by `python tests/benchmarks/fuzz.py{size}`, {directories:,} directories, in "
        f"{minutes:.0f} minutes. A directory",
        "has one to four mutations and is shown in one view; it is counted under the first. Answered: status 0 or",
        "1. Refused: status 2 and one error. Silent loss: a signal was not as it had been written and no gap",
        f"said so. No process had more than {max(memory, typed_memory)} MB.",
        "",
        *table(mutated, "mutation"),
        "",
        *table([Outcome(o.case, "words at random", o.how, o.seconds) for o in typed], "command lines"),
        "",
    ]
    REPORT.write_text("\n".join(text))
    print(f"\n{len(failed)} failed; {REPORT}", file=sys.stderr)
    for outcome in failed[:20]:
        print(
            f"  case {outcome.case}, {outcome.what}: {outcome.how}: {outcome.detail.splitlines()[:1]}", file=sys.stderr
        )
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
