"""The record of judgings: which versions of the thresholds judged a split, when, and on what machine."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from gandoctor.errors import GandoctorError

PACKAGES = ("tensorflow", "keras", "numpy", "scipy")
FILE = "judged.json"


def machine() -> dict[str, Any]:
    """Return a description of this machine: system, processors, Python and package versions."""
    facts: dict[str, Any] = {
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
    }
    for name in PACKAGES:
        try:
            facts[name] = installed(name)
        except PackageNotFoundError:
            facts[name] = None
    return facts


def read_record(folder: Path) -> list[dict[str, Any]]:
    """Return all judgings, oldest first.

    Raises:
        GandoctorError: The file is damaged.
    """
    path = folder / FILE
    if not path.exists():
        return []
    try:
        record: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise GandoctorError(f"{path} is not JSON ({error}). Restore it from git.") from None
    return record


def versions_that_judged(record: list[dict[str, Any]], split: str) -> list[dict[str, Any]]:
    """Return the first judging of a split by each version of the thresholds, oldest first."""
    seen: dict[str, dict[str, Any]] = {}
    for one in record:
        if one["split"] == split:
            seen.setdefault(one["version"]["limits"], one)
    return list(seen.values())


def add_to_record(folder: Path, split: str, plan: str, runs: int, version: Mapping[str, Any], command: str) -> None:
    """Add a judging. One version of one plan has one entry, with its last date."""
    record = read_record(folder)
    entry = {
        "split": split,
        "plan": plan,
        "runs": runs,
        "version": dict(version),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "command": command,
        "machine": machine(),
    }
    same = ("split", "plan", "version")
    kept = [one for one in record if any(one[key] != entry[key] for key in same)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(json.dumps([*kept, entry], indent=1) + "\n", encoding="utf-8")
