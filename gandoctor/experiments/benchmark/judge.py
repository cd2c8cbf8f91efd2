"""Judges a trained run: what the doctor says at its end and would have said on the way, baselines, oracle; one line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import gandoctor
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark import baselines
from gandoctor.experiments.benchmark.plan import PlannedRun
from gandoctor.experiments.benchmark.run_files import RunFiles
from gandoctor.rules import Severity, Status, all_rules, limits_of
from gandoctor.store import load_run
from gandoctor.store.manifest import Declared

LOOKS_EVERY = 50
"""Steps between two looks at a run as somebody would have followed it."""
LOOKS_EVERY_AFTER_ONSET = 25
"""In a run whose fault begins on the way: as often as probes are made."""

CAUSES_KEPT = 10

DECIDING = (
    "rules",
    "measures",
    "networks",
    "diagnosis",
    "treatments",
    "store",
    "signals.py",
    "loss_families.py",
    "message.py",
    "player_names.py",
)
"""Folders and files of the package that decide what a run is told."""

Judgement = dict[str, Any]
"""One run, as plain data; see `judge`."""


def judge(run: PlannedRun, files: RunFiles, with_declared: bool = False) -> Judgement:
    """Judge a run whose training has ended.

    Args:
        run: As planned.
        files: Its recording, its mark and the oracle's numbers.
        with_declared: Let rules read what the target declared of itself. Withheld by default: it is what the faults
            switch, and a stranger's program declares nothing.

    Returns:
        id, outcome ("completed", "crashed", "failed") and error; and where there is something to judge: steps, loss,
        verdict, findings (every rule: id, status, severity, first_step, last_step, causes), causes (of the run, best
        first: id, score), alarms (rule id -> first look at which it was above a remark), false_start (rule ids above a
        remark when the fault began), looks (how many), baselines (name -> first step or None), scores, oracle,
        overhead (probes' share of the training's time).
    """
    mark = files.trained
    assert mark is not None
    found: Judgement = {"id": run.id, "outcome": mark["outcome"], "error": mark["error"], "seconds": mark["seconds"]}
    if mark["outcome"] == "failed":
        return found
    try:
        recorded = load_run(files.run_dir)
    except GandoctorError as error:
        return {**found, "outcome": "failed", "error": str(error)}
    if not with_declared:
        recorded.manifest.declared = Declared()
    last = recorded.last_step
    first = [*range(LOOKS_EVERY, min(run.onset, last), LOOKS_EVERY), run.onset - 1] if run.onset else []
    later = range(run.onset + LOOKS_EVERY, last, LOOKS_EVERY_AFTER_ONSET if run.onset else LOOKS_EVERY)
    before = {step: _above_remarks(diagnose(recorded.until(step))) for step in first}
    alarms: dict[str, int] = {}
    for step in later:
        for rule in _above_remarks(diagnose(recorded.until(step))):
            alarms.setdefault(rule, step)
    diagnosis = diagnose(recorded)
    for rule in _above_remarks(diagnosis):
        alarms.setdefault(rule, last)
    cadence = recorded.manifest.cadence
    return {
        **found,
        "steps": last,
        "loss": recorded.manifest.loss_family,
        "verdict": diagnosis.verdict,
        "findings": [_finding(f) for f in diagnosis.to_dict()["findings"]],
        "causes": [{"id": c.id, "score": round(c.score, 3)} for c in diagnosis.causes[:CAUSES_KEPT]],
        "alarms": alarms,
        "false_start": sorted({rule for rules in before.values() for rule in rules}),
        "looks": len(before) + len(later) + 1,
        "baselines": {name: first_alarm(recorded) for name, first_alarm in baselines.BASELINES.items()},
        "scores": {name: _plain(value) for name, value in baselines.scores(recorded).items()},
        "oracle": files.oracle,
        "overhead": _overhead(cadence),
    }


def _above_remarks(diagnosis: Diagnosis) -> list[str]:
    return [
        f.rule.id for f in diagnosis.findings if f.status is Status.DETECTED and f.severity.rank > Severity.INFO.rank
    ]


def _finding(finding: dict[str, Any]) -> dict[str, Any]:
    kept = {key: finding[key] for key in ("id", "status")}
    if finding["status"] == "detected":
        kept |= {key: finding[key] for key in ("severity", "first_step", "last_step")}
        kept["causes"] = [[cause["id"], round(cause["score"], 3)] for cause in finding["causes"]]
    elif finding["reason"]:
        kept["reason"] = finding["reason"]
    return kept


def _overhead(cadence: dict[str, float]) -> float | None:
    probes, training = cadence.get("probe_seconds"), cadence.get("training_seconds")
    return None if probes is None or not training else round(probes / training, 4)


def _plain(value: float) -> float | str:
    return value if value == value and abs(value) != float("inf") else str(value)


def version() -> dict[str, str | None]:
    """Return what judged: the package's version, the git commit, hashes of all limits and of the code that judges.

    The commit is None outside of a checkout, and ends in "+" where files differ from it.
    """
    limits = {rule.id: dict(limits_of(rule)) for rule in all_rules()}
    package = Path(gandoctor.__file__).parent
    code = blake2b(digest_size=6)
    for path in deciding_files(package):
        code.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return {
        "gandoctor": gandoctor.__version__,
        "commit": _commit(package.parent),
        "limits": blake2b(json.dumps(limits, sort_keys=True, default=str).encode(), digest_size=6).hexdigest(),
        "rules": code.hexdigest(),
    }


def deciding_files(package: Path) -> list[Path]:
    """Return every file of the package that a judgement may depend on, in order.

    Raises:
        GandoctorError: One of the rooms it lists is empty: the stamp would not tell two versions apart.
    """
    found = []
    for room in DECIDING:
        files = [path for path in (package / room, *(package / room).rglob("*")) if path.suffix in (".py", ".npz")]
        if not files:
            raise GandoctorError(f"Nothing decides results in {package / room}: the version stamp has to be mended.")
        found += files
    return sorted(found)


def _commit(folder: Path) -> str | None:
    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "gandoctor", "reference_models")
        return git("rev-parse", "--short=10", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def read_judgements(path: Path) -> dict[str, Judgement]:
    """Read judgements by run id; empty where there are none yet.

    Raises:
        GandoctorError: The file is damaged.
    """
    if not path.exists():
        return {}
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {line["id"]: line for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise GandoctorError(f"{path} is damaged ({error}). Remove it, and judge again with --judge-only.") from None


def write_judgements(path: Path, judgements: Iterable[Judgement]) -> None:
    """Write judgements, one run a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, allow_nan=False) + "\n" for one in judgements), encoding="utf-8")
