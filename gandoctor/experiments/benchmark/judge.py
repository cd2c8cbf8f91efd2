"""Judge a trained run: the diagnosis at its end and on the way, the baselines' alarms and the oracle's numbers."""

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
"""Steps between two diagnoses of a growing run."""
LOOKS_EVERY_AFTER_ONSET = 25
"""The same after the onset of a fault that begins on the way: the interval of the probes."""

CAUSES_KEPT = 10

DECIDING = (
    "rules",
    "measures",
    "networks",
    "diagnosis",
    "treatments",
    "store",
    "signals",
    "loss_families.py",
    "message.py",
    "player_names.py",
)
"""Folders and files of the package that a judgement depends on."""

Judgement = dict[str, Any]
"""The judgement of one run as plain data; see `judge`."""


def judge(run: PlannedRun, files: RunFiles, with_declared: bool = False) -> Judgement:
    """Judge a run whose training has ended.

    Args:
        run: The planned run.
        files: Its recording, its mark and the oracle's numbers.
        with_declared: Let rules read what the target declares. Withheld by default: some faults change what is
            declared, and most programs declare nothing.

    Returns:
        id, outcome ("completed", "crashed", "failed"), error and seconds. If something was recorded, also: steps;
        loss; verdict; findings (for every rule: id, status, severity, first_step, last_step, causes); causes (of the
        run, best first: id, score); alarms (rule id -> step of the first look with its alarm); false_start (ids of
        rules that raised an alarm before the onset); looks (their number); baselines (name -> first step or None);
        scores; oracle; overhead (probe time as a share of training time).
    """
    mark = files.trained
    assert mark is not None
    judgement: Judgement = {"id": run.id, **{key: mark[key] for key in ("outcome", "error", "seconds")}}
    if mark["outcome"] == "failed":
        return judgement
    try:
        recorded = load_run(files.run_dir)
    except GandoctorError as error:
        return {**judgement, "outcome": "failed", "error": str(error)}
    if not with_declared:
        recorded.manifest.declared = Declared()
    last = recorded.last_step
    first = [*range(LOOKS_EVERY, min(run.onset, last), LOOKS_EVERY), run.onset - 1] if run.onset else []
    later = range(run.onset + LOOKS_EVERY, last, LOOKS_EVERY_AFTER_ONSET if run.onset else LOOKS_EVERY)
    before = {step: _list_alarms(diagnose(recorded.until(step))) for step in first}
    alarms: dict[str, int] = {}
    for step in later:
        for rule in _list_alarms(diagnose(recorded.until(step))):
            alarms.setdefault(rule, step)
    diagnosis = diagnose(recorded)
    for rule in _list_alarms(diagnosis):
        alarms.setdefault(rule, last)
    cadence = recorded.manifest.cadence
    return {
        **judgement,
        "steps": last,
        "loss": recorded.manifest.loss_family,
        "verdict": diagnosis.verdict,
        "findings": [_shorten(f) for f in diagnosis.to_dict()["findings"]],
        "causes": [{"id": c.id, "score": round(c.score, 3)} for c in diagnosis.causes[:CAUSES_KEPT]],
        "alarms": alarms,
        "false_start": sorted({rule for rules in before.values() for rule in rules}),
        "looks": len(before) + len(later) + 1,
        "baselines": {name: first_alarm(recorded) for name, first_alarm in baselines.BASELINES.items()},
        "scores": {name: _as_json_number(value) for name, value in baselines.scores(recorded).items()},
        "oracle": files.oracle,
        "overhead": _overhead(cadence),
    }


def _list_alarms(diagnosis: Diagnosis) -> list[str]:
    """Return the ids of the rules that raise an alarm: a finding more severe than an info."""
    return [f.rule.id for f in diagnosis.checks if f.status is Status.DETECTED and f.severity.rank > Severity.INFO.rank]


def _shorten(finding: dict[str, Any]) -> dict[str, Any]:
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


def _as_json_number(value: float) -> float | str:
    return value if value == value and abs(value) != float("inf") else str(value)


def version() -> dict[str, str | None]:
    """Return the package's version, the git commit, and hashes of all limits and of the code that judges.

    The commit is None outside a checkout. It ends in "+" if files have been changed since.
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
    """Return every file of the package that a judgement depends on, in order of path.

    Raises:
        GandoctorError: One of the folders in `DECIDING` has no such file, so the version stamp would be incomplete.
    """
    every: list[Path] = []
    for name in DECIDING:
        files = [path for path in (package / name, *(package / name).rglob("*")) if path.suffix in (".py", ".npz")]
        if not files:
            raise GandoctorError(f"{package / name} has no code that judges. Correct the list DECIDING in judge.py.")
        every += files
    return sorted(every)


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
    """Read judgements by run id; return none if the file does not exist yet.

    Raises:
        GandoctorError: The file is damaged.
    """
    if not path.exists():
        return {}
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {line["id"]: line for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise GandoctorError(f"{path} is damaged ({error}). Remove it and judge again with --judge-only.") from None


def write_judgements(path: Path, judgements: Iterable[Judgement]) -> None:
    """Write judgements, one line per run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(one, allow_nan=False) + "\n" for one in judgements), encoding="utf-8")
