"""What is true of a run, by plan and oracle alone: was something done to it, did it do damage, of what kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from gandoctor.experiments.benchmark.plan import Margin, Plan, PlannedRun

Judgements = Mapping[str, Mapping[str, Any]]
Limits = dict[str, float]
"""Number of the oracle -> value from which a run is damaged."""


@dataclass(frozen=True)
class Truth:
    """What is true of one run.

    Attributes:
        damaged: By the oracle; None where it could not be asked or has nothing to compare with.
        outside: The oracle's numbers that are worse than those of healthy runs by more than their margin.
        symptom: What that looks like, by the plan's `symptoms`; None where undamaged.
        learned: Whether a healthy run came as near to its data as its yardstick did; None where that is not asked.
    """

    damaged: bool | None
    outside: tuple[str, ...] = ()
    symptom: str | None = None
    learned: bool | None = None


def limits_of_bands(plan: Plan, judgements: Judgements) -> dict[str, Limits]:
    """Return for every band the limits of damage: the worst healthy calibration run, and the plan's margin beyond."""
    bands: dict[str, list[Mapping[str, Any]]] = {}
    for run in plan.runs:
        if run.split == "calibration" and run.kind == "healthy":
            oracle = judgements.get(run.id, {}).get("oracle")
            if oracle:
                bands.setdefault(run.band, []).append(oracle)
    return {
        band: {
            name: limit for name, margin in plan.damage.items() if (limit := _limit(name, margin, oracles)) is not None
        }
        for band, oracles in bands.items()
    }


def truth_of(plan: Plan, run: PlannedRun, judgement: Mapping[str, Any], bands: Mapping[str, Limits]) -> Truth:
    """Return what is true of a run, by its oracle's numbers."""
    oracle, limits = judgement.get("oracle"), bands.get(run.band)
    if not oracle or "error" in oracle:
        return Truth(None)
    yardstick = bands.get(run.yardstick or "")
    learned = None if yardstick is None else not set(_outside(plan, oracle, yardstick)) & set(plan.learned)
    if limits is None:
        return Truth(None, learned=learned)
    outside = _outside(plan, oracle, limits)
    named = (s.name for s in plan.symptoms if any(set(signs) <= set(outside) for signs in s.signs))
    return Truth(bool(outside), outside, next(named, None), learned)


def _outside(plan: Plan, oracle: Mapping[str, Any], limits: Limits) -> tuple[str, ...]:
    return tuple(
        name for name, limit in limits.items() if name in oracle and _worse(oracle[name], limit, plan.damage[name])
    )


def _limit(name: str, margin: Margin, oracles: list[Mapping[str, Any]]) -> float | None:
    values = [float(oracle[name]) for oracle in oracles if name in oracle and isfinite(float(oracle[name]))]
    if not values:
        return None
    return (max(values) if margin.worse == "higher" else min(values)) * margin.factor + margin.add


def _worse(value: Any, limit: float, margin: Margin) -> bool:
    number = float(value)
    return not isfinite(number) or (number > limit if margin.worse == "higher" else number < limit)
