"""Judge one recorded program: what is said of it, in the order in which a person reads it."""

from __future__ import annotations

import re
from typing import Any

from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError
from gandoctor.experiments.benchmark.run_files import RunFiles
from gandoctor.experiments.wild.catalogue import Case
from gandoctor.rules import Severity

Judgement = dict[str, Any]
"""The judgement of one program as plain data; see `judge`."""


def judge(case: Case, files: RunFiles) -> Judgement:
    """Judge a program that has been run.

    Returns:
        id, half, outcome ("completed", "crashed", or "failed" where nothing was recorded), error and seconds. If
        something was recorded, also: steps; verdict; sentence (the verdict as a person reads it); findings (those above
        a remark, as [id, severity], the one that is named first in front); causes (the likely ones, as [id, score],
        best first).
    """
    mark = files.trained
    assert mark is not None
    judgement: Judgement = {
        "id": case.name,
        "half": case.half,
        "outcome": mark["outcome"],
        "error": _without_folder(mark["error"], case),
        "seconds": mark["seconds"],
    }
    if mark["outcome"] == "failed":
        return judgement
    try:
        return judgement | said_of(diagnose(files.run_dir))
    except GandoctorError as error:
        return judgement | {"outcome": "failed", "error": str(error)}


def _without_folder(error: str | None, case: Case) -> str | None:
    """Return an error without the folder of the programs, which belongs to this machine."""
    return error and re.sub(rf"\S*/(?={case.kind}/{case.name}\.py)", "", error)


def said_of(diagnosis: Diagnosis) -> Judgement:
    """Return what a diagnosis says; see `judge`. A finding of several games counts once, where it is named first."""
    findings: dict[str, str] = {}
    for finding in diagnosis.detected:
        if finding.severity is not Severity.INFO:
            findings.setdefault(finding.rule.id, finding.severity.value)
    return {
        "steps": diagnosis.run.last_step,
        "verdict": diagnosis.verdict,
        "sentence": str(diagnosis.sentence),
        "findings": [[rule, severity] for rule, severity in findings.items()],
        "causes": [[cause.id, round(cause.score, 3)] for cause in diagnosis.likely_causes],
    }
