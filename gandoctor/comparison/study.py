"""Study: what one changed parameter at a time did to the quality of the samples, paired by seed.

A run is compared with the base's run of the same seed: the natural logarithm of the ratio of their distances to the
real data, less than 0 where the change is better. Each seed is one point. Below five seeds only a direction is told;
from five on an interval, with Bonferroni's correction for the number of changes that were tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from gandoctor.comparison.gaps import at_looks, gaps_of, plain_gaps
from gandoctor.comparison.outcome import QUALITY, late_quality
from gandoctor.diagnosis import Verdict
from gandoctor.message import Message
from gandoctor.store import Run

SCHEMA = "gandoctor.study/1"
SEEDS_FOR_AN_INTERVAL = 5
"""Fewer seeds than this tell a direction only: three of one sign occur by chance once in four."""
LEVEL = 0.95

Ending = Literal["finished", "ended early", "crashed", "not trained"]


@dataclass(frozen=True)
class Arm:
    """A value of a parameter that is tried; the base, as the target is, has no key."""

    key: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return f"{self.key}={self.value}" if self.key else "base"


BASE = Arm()


@dataclass(frozen=True)
class Trained:
    """One training of a study.

    Attributes:
        arm: What was changed.
        seed: Its seed.
        run_dir: Where it is recorded.
        ending: How it ended.
        steps: How far it came.
        seconds: How long it took.
        verdict: Of its diagnosis; None where nothing was recorded.
        findings: Ids of what was found above a remark.
        note: Why it is not there, or ended early.
        run: The run; None where nothing was recorded.
    """

    arm: Arm
    seed: int
    run_dir: Path
    ending: Ending
    steps: int = 0
    seconds: float = 0.0
    verdict: Verdict | None = None
    findings: tuple[str, ...] = ()
    note: str = ""
    run: Run | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Effect:
    """What a change did.

    Attributes:
        arm: The change.
        ratios: Seed -> log ratio at the end of the shorter of its two runs.
        at: Look -> seed -> log ratio at that step.
        mean: Of `ratios`; None without any.
        interval: Of the mean, from five seeds on.
        conclusion: What can be said.
    """

    arm: Arm
    ratios: Mapping[int, float]
    at: Mapping[int, Mapping[int, float]]
    mean: float | None
    interval: tuple[float, float] | None
    conclusion: Message


@dataclass(frozen=True)
class Study:
    """All trainings of a study and what they show.

    Attributes:
        target: What was trained.
        signal: The quality that is compared; None where the runs have none in common.
        looks: Steps that were looked at.
        trained: Every training, in order.
        effects: Of each change, in order.
        notes: What cannot be said, and why.
    """

    target: str
    signal: str | None
    looks: tuple[int, ...]
    trained: tuple[Trained, ...]
    effects: tuple[Effect, ...]
    notes: tuple[Message, ...] = ()

    @property
    def runs(self) -> int:
        """How many of them were trained."""
        return sum(one.ending != "not trained" for one in self.trained)

    @property
    def seconds(self) -> float:
        """How long all trainings took together."""
        return sum(one.seconds for one in self.trained)

    def qualities(self, arm: Arm) -> dict[int, float]:
        """Return seed -> quality late in each run of an arm."""
        found = {}
        for one in self.trained:
            if one.arm == arm and one.run is not None and self.signal is not None:
                value = late_quality(one.run, self.signal, one.run.last_step)
                if value is not None:
                    found[one.seed] = value
        return found

    def gaps(self, one: Trained) -> dict[int, float]:
        """Return look -> duality gap of a training, those that were measured."""
        return {} if one.run is None else at_looks(gaps_of(one.run), self.looks)

    def to_plain(self) -> dict[str, Any]:
        """Return the study as JSON has it."""
        return {
            "schema": SCHEMA,
            "target": self.target,
            "quality": self.signal,
            "looks": list(self.looks),
            "seconds": round(self.seconds, 1),
            "steps": sum(one.steps for one in self.trained),
            "runs": [
                {
                    "arm": one.arm.name,
                    "seed": one.seed,
                    "run": str(one.run_dir),
                    "ending": one.ending,
                    "steps": one.steps,
                    "seconds": round(one.seconds, 1),
                    "verdict": one.verdict,
                    "findings": list(one.findings),
                    "quality": _finite(self.qualities(one.arm).get(one.seed)),
                    "duality_gap": {} if one.run is None else plain_gaps(one.run),
                    "note": one.note,
                }
                for one in self.trained
            ],
            "effects": [
                {
                    "arm": one.arm.name,
                    "log_ratios": {str(seed): _finite(value) for seed, value in one.ratios.items()},
                    "at": {str(k): {str(s): _finite(v) for s, v in seeds.items()} for k, seeds in one.at.items()},
                    "mean": _finite(one.mean),
                    "interval": None if one.interval is None else [_finite(edge) for edge in one.interval],
                    "conclusion": str(one.conclusion),
                }
                for one in self.effects
            ],
            "notes": [str(note) for note in self.notes],
        }


def studied(target: str, arms: Sequence[Arm], trained: Sequence[Trained], looks: Sequence[int]) -> Study:
    """Return what the trainings of a study show.

    Args:
        target: What was trained.
        arms: The changes, without the base.
        trained: All trainings so far, those of the base among them.
        looks: Steps at which the runs are compared as well.
    """
    runs = [one.run for one in trained if one.run is not None]
    signal = quality_of(runs)
    by_arm: dict[Arm, dict[int, Run]] = {}
    for one in trained:
        if one.run is not None:
            by_arm.setdefault(one.arm, {})[one.seed] = one.run
    base = by_arm.get(BASE, {})
    effects = [_effect(arm, by_arm.get(arm, {}), base, signal, looks, len(arms)) for arm in arms]
    return Study(target, signal, tuple(looks), tuple(trained), tuple(effects), tuple(_notes(signal, runs, trained)))


def quality_of(runs: Sequence[Run]) -> str | None:
    """Return the quality that all runs measured, else the one that most did; None where none did."""
    counts = {name: sum(name in run for run in runs) for name in QUALITY}
    best = max(counts.values())
    return next((name for name in QUALITY if counts[name] == best), None) if best else None


def log_ratios(runs: Mapping[int, Run], base: Mapping[int, Run], signal: str, step: int | None) -> dict[int, float]:
    """Return seed -> log of the late quality over the base's, in the steps that both have reached.

    Args:
        runs: Of the change, by seed.
        base: Of the base, by seed.
        signal: The quality; less is better.
        step: Compare what was recorded up to there; None: up to the end of the shorter run. A pair of which one run
            has not come so far is left out.
    """
    found = {}
    for seed in sorted(runs.keys() & base.keys()):
        reached = min(runs[seed].last_step, base[seed].last_step)
        if step is not None and step > reached:
            continue
        value, was = (late_quality(run, signal, step or reached) for run in (runs[seed], base[seed]))
        if value is not None and was is not None and was > 0 and math.isfinite(was) and value > 0:
            found[seed] = math.log(value / was) if math.isfinite(value) else math.inf
    return found


def is_hopeless(runs: Mapping[int, Run], base: Mapping[int, Run], signal: str, step: int) -> bool:
    """Tell whether every seed is worse than every seed of the base by more than the base's own range, at a step.

    Args:
        runs: Of a change, by seed.
        base: Of the base, by seed, at least two.
        signal: The quality; less is better.
        step: What was recorded up to there is compared.
    """

    def values(all_runs: Mapping[int, Run]) -> list[float | None]:
        return [late_quality(run, signal, step) if run.last_step >= step else None for run in all_runs.values()]

    of_base, own = values(base), values(runs)
    if len(of_base) < 2 or not own or None in of_base or None in own:
        return False
    worst, best = max(v for v in of_base if v is not None), min(v for v in of_base if v is not None)
    return all(v is not None and (v > worst + (worst - best) or math.isnan(v)) for v in own)


def _effect(
    arm: Arm,
    runs: Mapping[int, Run],
    base: Mapping[int, Run],
    signal: str | None,
    looks: Sequence[int],
    arms: int,
) -> Effect:
    ratios = log_ratios(runs, base, signal, None) if signal is not None else {}
    at = {look: log_ratios(runs, base, signal, look) for look in looks} if signal is not None else {}
    values = list(ratios.values())
    mean = float(np.mean(values)) if values else None
    interval = _interval(values, arms)
    conclusion = _conclusion(values, mean, interval) if runs else Message("not trained")
    return Effect(arm, ratios, {look: seeds for look, seeds in at.items() if seeds}, mean, interval, conclusion)


def _interval(values: Sequence[float], arms: int) -> tuple[float, float] | None:
    """Return Student's interval of the mean, at a level that holds for all changes together (Bonferroni)."""
    from scipy.stats import t

    n = len(values)
    if n < SEEDS_FOR_AN_INTERVAL or not np.isfinite(values).all():
        return None
    half = float(t.ppf(1 - (1 - LEVEL) / (2 * max(arms, 1)), n - 1)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    mean = float(np.mean(values))
    return mean - half, mean + half


def _conclusion(values: Sequence[float], mean: float | None, interval: tuple[float, float] | None) -> Message:
    n = len(values)
    if mean is None:
        return Message("not compared: no pair of runs measured the quality")
    if not any(values):
        return Message("the base's own value")
    times = math.exp(mean) if math.isfinite(mean) else math.inf
    better, worse = sum(value < 0 for value in values), sum(value > 0 for value in values)
    if interval is not None:
        low, high = (math.exp(edge) for edge in interval)
        told = {"times": times, "low": low, "high": high}
        if high < 1:
            return Message("better: {times:.2f} times the base's distance ({low:.2f} to {high:.2f})", **told)
        if low > 1:
            return Message("worse: {times:.2f} times the base's distance ({low:.2f} to {high:.2f})", **told)
        return Message("inside the noise: {times:.2f} times the base's distance ({low:.2f} to {high:.2f})", **told)
    if better == n:
        return Message("direction only: better in each of {n} seeds, {times:.2f} times on average", n=n, times=times)
    if worse == n:
        return Message("direction only: worse in each of {n} seeds, {times:.2f} times on average", n=n, times=times)
    return Message(
        "inside the noise: better in {better} and worse in {worse} of {n} seeds", better=better, worse=worse, n=n
    )


def _notes(signal: str | None, runs: Sequence[Run], trained: Sequence[Trained]) -> list[Message]:
    notes = []
    if runs and signal is None:
        notes.append(
            Message(
                "No run measured the quality of its samples, so nothing is compared: give probe data and a sampler."
            )
        )
    seeds = {one.seed for one in trained if one.arm == BASE and one.run is not None}
    if seeds and len(seeds) < SEEDS_FOR_AN_INTERVAL:
        notes.append(
            Message(
                "{n} seeds tell a direction only; from {least} on there is an interval.",
                n=len(seeds),
                least=SEEDS_FOR_AN_INTERVAL,
            )
        )
    untold: dict[tuple[str, str], list[int]] = {}
    for one in trained:
        if one.note and one.ending != "finished":
            untold.setdefault((one.arm.name, one.note), []).append(one.seed)
    notes += [
        Message("{name}, seed {seeds}: {why}", name=name, seeds=", ".join(map(str, seeds)), why=why)
        for (name, why), seeds in untold.items()
    ]
    return notes


def _finite(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)
