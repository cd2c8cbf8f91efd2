"""A small plan and judgements made up for the tests of scoring; holds no tests."""

from __future__ import annotations

from typing import Any

from gandoctor.experiments.benchmark.plan import Margin, Plan, PlannedRun, Symptom

STEPS = 600
GOOD = {"finite": 1.0, "kid": 0.1, "distinct": 1.0, "noise": 0.0}
COLLAPSED = {"finite": 1.0, "kid": 3.0, "distinct": 0.1, "noise": 0.0}


def planned(name: str, kind: str = "healthy", **changes: Any) -> PlannedRun:
    """A run of the family "net" on the test split."""
    values = {"target": "m:f", "options": {}, "family": "net", "band": "net", "split": "test", "seed": 201, **changes}
    return PlannedRun(id=name, kind=kind, **values)


def band(*seeds: int) -> list[PlannedRun]:
    """Healthy runs of the calibration split."""
    return [planned(f"band-{seed}", split="calibration", seed=seed) for seed in seeds]


def plan_of(*runs: PlannedRun, **changes: Any) -> Plan:
    """A plan whose oracle has four numbers."""
    values = {
        "about": "A plan for tests.",
        "oracle": "fake_target:oracle",
        "samples": 16,
        "damage": {
            "finite": Margin(worse="lower", add=-0.5),
            "kid": Margin(worse="higher", factor=1.5),
            "distinct": Margin(worse="lower", factor=0.8),
            "noise": Margin(worse="higher", add=0.02),
        },
        "symptoms": (
            Symptom(name="collapse", signs=(("distinct",),), rules=("GD403", "GD404")),
            Symptom(name="noise", signs=(("noise", "kid"),), rules=("GD402",)),
            Symptom(name="poor", signs=(("kid",),), rules=("GD301",)),
        ),
        "runs": runs,
        **changes,
    }
    return Plan(**values)


def finding(rule: str, severity: str | None = "warning", first: int = 100, last: int = STEPS) -> dict[str, Any]:
    """A finding as a judgement keeps it; not detected where the severity is None."""
    if severity is None:
        return {"id": rule, "status": "not_detected"}
    return {
        "id": rule,
        "status": "detected",
        "severity": severity,
        "first_step": first,
        "last_step": last,
        "causes": [],
    }


def judgement(name: str, *findings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A judgement; alarms on the way are those of the end unless given."""
    up = {f["id"]: f["first_step"] for f in findings if f.get("severity") in ("warning", "critical")}
    values = {
        "outcome": "completed",
        "error": None,
        "steps": STEPS,
        "findings": list(findings),
        "causes": [],
        "alarms": up,
        "false_start": [],
        "baselines": {},
        "scores": {},
        "oracle": GOOD,
        "overhead": 0.1,
    }
    return {"id": name, **values, **changes}


def by_id(*judgements: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """As the scoring takes them."""
    return {one["id"]: one for one in judgements}
