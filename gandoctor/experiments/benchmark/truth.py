"""The truth about a run, from the plan and the oracle alone: whether it is damaged, and what the damage is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from gandoctor.experiments.benchmark.plan import Margin, Plan, PlannedRun

Judgements = Mapping[str, Mapping[str, Any]]
Limits = dict[str, float]
"""Name of the oracle's number -> value beyond which a run is damaged."""


@dataclass(frozen=True)
class Truth:
    """The truth about one run.

    Attributes:
        damaged: Whether the oracle finds damage. None if it measured nothing or has no band to compare with.
        outside: Names of the oracle's numbers that are beyond their limits.
        symptom: The kind of damage, from the plan's `symptoms`. None if the run is not damaged.
        learned: Whether a healthy run has learned its data as well as its yardstick. None if it has no yardstick.
    """

    damaged: bool | None
    outside: tuple[str, ...] = ()
    symptom: str | None = None
    learned: bool | None = None


def limits_of_bands(plan: Plan, judgements: Judgements) -> dict[str, Limits]:
    """Return the damage limits of every band: the worst healthy calibration run plus the plan's margin."""
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
    """Return the truth about a run, from the oracle's numbers."""
    oracle, limits = judgement.get("oracle"), bands.get(run.band)
    if not oracle or "error" in oracle:
        return Truth(None)
    yardstick = bands.get(run.yardstick or "")
    learned = None if yardstick is None else not set(_find_outside(plan, oracle, yardstick)) & set(plan.learned)
    if limits is None:
        return Truth(None, learned=learned)
    outside = _find_outside(plan, oracle, limits)
    named = (s.name for s in plan.symptoms if any(set(signs) <= set(outside) for signs in s.signs))
    return Truth(bool(outside), outside, next(named, None), learned)


def _find_outside(plan: Plan, oracle: Mapping[str, Any], limits: Limits) -> tuple[str, ...]:
    return tuple(
        name for name, limit in limits.items() if name in oracle and _is_worse(oracle[name], limit, plan.damage[name])
    )


def _limit(name: str, margin: Margin, oracles: list[Mapping[str, Any]]) -> float | None:
    values = [float(oracle[name]) for oracle in oracles if name in oracle and isfinite(float(oracle[name]))]
    if not values:
        return None
    return (max(values) if margin.worse == "higher" else min(values)) * margin.factor + margin.add


def _is_worse(value: Any, limit: float, margin: Margin) -> bool:
    number = float(value)
    return not isfinite(number) or (number > limit if margin.worse == "higher" else number < limit)
