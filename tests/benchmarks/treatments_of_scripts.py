"""What `gandoctor treat` does for programs as people wrote them: the broken ones of the corpus of real bugs, unchanged.

    python tests/benchmarks/treatments_of_scripts.py --kind balance   # runs, treats and judges; hours for all kinds
    python tests/benchmarks/treatments_of_scripts.py --report         # writes the table of what is known

Each program is run as `gandoctor run PROGRAM.py` and its recording given to `gandoctor treat --all`, which tries the
first three steps of the plan where a command makes them. Beside it two usual guesses: both rates halved, and one of six
common changes, drawn by the program's name. All are judged twice: by gandoctor's findings, and by a distance that
shares nothing with them, the mean energy distance of 64 random projections between the last samples and the real data.
Every answer is a row of `reports/treatments-scripts.json`; what is there is not trained again.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import energy_distance

from gandoctor.comparison.outcome import compared
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.statistics import Share
from gandoctor.experiments.wild.catalogue import Case, Catalogue
from gandoctor.store import Run

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "reference_models" / "wild" / "catalogue.toml"
REPORT, ROWS = ROOT / "reports" / "treatments-scripts.md", ROOT / "reports" / "treatments-scripts.json"
PLAN, HALVED, COMMON = "plan", "both rates halved", "a common change"
PROJECTIONS = 64
LIMIT_S = 900
PERFORMED = ("cured", "improved", "no change", "worse")


@dataclass(frozen=True)
class Row:
    """What became of one change.

    Attributes:
        program: Kind and name.
        arm: `PLAN`, `HALVED` or `COMMON`.
        number: Of the step in the plan, from 1; 1 for the other arms.
        change: The treatment, or what was set.
        outcome: As `treat` has it: cured, improved, no change, worse or not applied.
        before: Distance of the samples from the real data; None where there are none.
        after: The same with the change.
        null: The same between halves of the real data.
        seconds: How long the change was trained.
    """

    program: str
    arm: str
    number: int
    change: str
    outcome: str
    before: float | None = None
    after: float | None = None
    null: float | None = None
    seconds: float = 0.0

    @property
    def is_nearer(self) -> bool | None:
        """Whether at least half of the distance, beyond that of real data from real data, is gone; None: not known."""
        if self.before is None or self.null is None or self.before <= self.null:
            return None
        return self.after is not None and self.after - self.null <= (self.before - self.null) / 2


def distances(run: Run) -> tuple[float | None, float | None]:
    """Return the distance of the last samples from the real data, and that of one half of those from the other."""
    fakes, reals = _last(run)
    if fakes is None or reals is None or fakes.shape[1:] != reals.shape[1:] or not np.isfinite(fakes).all():
        return None, None
    fakes, reals = fakes.reshape(len(fakes), -1), reals.reshape(len(reals), -1)
    spread = reals.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    directions = np.random.default_rng(0).normal(size=(PROJECTIONS, reals.shape[1])) / np.sqrt(reals.shape[1])
    real, fake = (reals / scale) @ directions.T, (fakes / scale) @ directions.T
    half = len(real) // 2
    return _mean_distance(fake, real), _mean_distance(real[:half][: len(fake)], real[half:])


def _last(run: Run) -> tuple[np.ndarray | None, np.ndarray | None]:
    if run.last_values is not None and run.real_values is not None:
        return run.last_values[1].astype(float), run.real_values.astype(float)
    fakes = run.sheets[-1].fakes() if run.sheets else None
    if fakes is None or run.reals is None:
        return None, None
    return fakes.astype(float), run.reals.astype(float)


def _mean_distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.mean([energy_distance(a, b) for a, b in zip(first.T, second.T, strict=True)]))


def common_change(name: str, rates: dict[str, float]) -> dict[str, float]:
    """Return one of six changes that people try, drawn by the program's name."""
    d, g = "d_optimizer.learning_rate", "g_optimizer.learning_rate"
    choices: list[dict[str, float]] = [
        {d: rates[d] / 4},
        {g: rates[g] / 4},
        {d: rates[d] * 4},
        {g: rates[g] * 4},
        {"d_optimizer.beta_1": 0.5, "g_optimizer.beta_1": 0.5},
        {"d_optimizer.clipnorm": 1.0, "g_optimizer.clipnorm": 1.0},
    ]
    return random.Random(name).choice(choices)


def treated(case: Case, program: Path, folder: Path) -> Iterator[Row]:
    """Run a program, and yield what each change did to it."""
    name = f"{case.kind}/{case.name}"
    sick = folder / "run"
    if not (sick / "run.json").exists():
        _gandoctor("run", str(program), "--run-dir", str(sick))
    before = diagnose(sick)
    far, null = distances(before.run)
    if before.verdict in ("healthy", "inconclusive"):
        yield Row(name, PLAN, 1, "none", "nothing to treat", far, None, null)
        return
    done = _gandoctor("treat", str(sick), "--all", "--json", "--into", str(folder / "treated"))
    tries: list[dict[str, Any]] = json.loads(done.stdout)["trials"] if done.stdout.startswith("{") else []
    if not tries:
        yield Row(name, PLAN, 1, "none", "no plan", far, None, null)
    for number, one in enumerate(tries, start=1):
        after = distances(diagnose(one["run"]).run)[0] if one["run"] else None
        treatment = one["step"]["treatment"]
        yield Row(name, PLAN, number, treatment, one["outcome"], far, after, null, one["seconds"])
    rates = {
        f"{player}_optimizer.learning_rate": float(before.run[f"{player}_learning_rate"].iloc[0])
        for player in "dg"
        if f"{player}_learning_rate" in before.run
    }
    if len(rates) < 2:
        return
    guesses = {HALVED: {key: rate / 2 for key, rate in rates.items()}, COMMON: common_change(name, rates)}
    for arm, change in guesses.items():
        yield _guessed(name, program, folder / arm.replace(" ", "-"), arm, change, before, (far, null))


def _guessed(
    name: str,
    program: Path,
    run_dir: Path,
    arm: str,
    change: dict[str, float],
    before: Diagnosis,
    known: tuple[float | None, float | None],
) -> Row:
    words = [f"{key}={value:.3g}" for key, value in change.items()]
    began = time.monotonic()
    if not (run_dir / "run.json").exists():
        options = [part for word in words for part in ("--change", word)]
        _gandoctor("run", str(program), "--run-dir", str(run_dir), *options)
    seconds = time.monotonic() - began
    try:
        after = diagnose(run_dir)
    except GandoctorError:
        return Row(name, arm, 1, ", ".join(words), "not applied", known[0], None, known[1])
    findings = before.plan[0].findings if before.plan else ()
    outcome = compared(before, after, findings).outcome
    return Row(name, arm, 1, ", ".join(words), outcome, known[0], distances(after.run)[0], known[1], round(seconds, 1))


def _gandoctor(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gandoctor", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)


def report(rows: Iterable[Row], total: int) -> str:
    """Return the page."""
    known = sorted(rows, key=lambda row: (row.program, row.arm != PLAN, row.arm, row.number))
    programs = sorted({row.program for row in known})
    arms = {
        "the first step of the plan that a command makes": [_first(known, p) for p in programs],
        "any of the plan's first three steps": [_best(known, p) for p in programs],
        "both rates halved": [_of(known, p, HALVED) for p in programs],
        "one common change": [_of(known, p, COMMON) for p in programs],
    }
    lines = [
        "# What treat does for programs as they are",
        "",
        "Made by `python tests/benchmarks/treatments_of_scripts.py`: broken programs of the corpus of real bugs",
        "(`wild.md`), unchanged, run by `gandoctor run` and given to `gandoctor treat --all`. Most of their bugs",
        "lie in a line of the code that no setting mends: there treat prints what to change and tries nothing.",
        "",
        "*Cured*, by gandoctor: what the step answers is not found any more and nothing else has come. *Nearer*, by",
        "a measure that shares nothing with the rules: at least half of the distance between the last samples and",
        "the real data is gone (the mean energy distance of 64 random projections, beyond that of real data from",
        "real data). One training each; shares with 95 % intervals.",
        "",
        f"{len(programs)} of {total} broken programs were tried so far.",
        "",
        "| tried | could be tried | cured | nearer |",
        "|---|---|---|---|",
    ]
    for title, found in arms.items():
        tried = [row for row in found if row is not None and row.outcome in PERFORMED]
        judged = [row for row in tried if row.is_nearer is not None]
        cured = Share(sum(row.outcome == "cured" for row in tried), len(tried))
        nearer = Share(sum(bool(row.is_nearer) for row in judged), len(judged))
        lines.append(f"| {title} | {len(tried)} of {len(programs)} | {cured} | {nearer} |")
    lines += ["", "| program | tried | change | gandoctor says | distance before | after | real data |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for row in known:
        arm = f"plan {row.number}" if row.arm == PLAN else row.arm
        values = " | ".join("-" if v is None else f"{v:.3f}" for v in (row.before, row.after, row.null))
        lines.append(f"| {row.program} | {arm} | {row.change} | {row.outcome} | {values} |")
    return "\n".join(lines) + "\n"


def _of(rows: list[Row], program: str, arm: str) -> Row | None:
    return next((row for row in rows if row.program == program and row.arm == arm), None)


def _first(rows: list[Row], program: str) -> Row | None:
    own = [row for row in rows if row.program == program and row.arm == PLAN and row.outcome in PERFORMED]
    return own[0] if own else None


def _best(rows: list[Row], program: str) -> Row | None:
    own = [row for row in rows if row.program == program and row.arm == PLAN and row.outcome in PERFORMED]
    return min(own, key=lambda row: (row.outcome != "cured", not row.is_nearer), default=None)


def main() -> None:
    """Treat the programs of some kinds, or all; write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", help="only programs of this kind; repeatable")
    parser.add_argument("--style", action="append", help="only programs of this style, such as torch; repeatable")
    parser.add_argument("--only", action="append", help="only the program of this name; repeatable")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "treatments-of-scripts")
    parser.add_argument("--report", action="store_true", help="write the table of what is known")
    given = parser.parse_args()
    rows = [Row(**row) for row in json.loads(ROWS.read_text(encoding="utf-8"))] if ROWS.exists() else []
    catalogue = Catalogue(CATALOGUE)
    wanted = [
        case
        for case in catalogue.cases
        if not case.is_fine
        and case.kind in (given.kind or [case.kind])
        and case.style in (given.style or [case.style])
        and case.name in (given.only or [case.name])
    ]
    for case in [] if given.report else wanted:
        name = f"{case.kind}/{case.name}"
        if any(row.program == name for row in rows):
            continue
        try:
            found = list(treated(case, catalogue.program(case), given.runs / case.kind / case.name))
        except (GandoctorError, subprocess.TimeoutExpired) as error:
            print(f"{name}: {error}", flush=True)
            continue
        rows += found
        print(name, [(row.arm, row.change, row.outcome) for row in found], flush=True)
        ROWS.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    broken = sum(not case.is_fine for case in catalogue.cases)
    REPORT.write_text(report(rows, broken), encoding="utf-8")


if __name__ == "__main__":
    main()
