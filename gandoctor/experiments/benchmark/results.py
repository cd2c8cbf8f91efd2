"""Results: all scores of one split, and their form for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from statistics import median_high
from typing import Any

from gandoctor.experiments.benchmark.baselines import BASELINES
from gandoctor.experiments.benchmark.detection import (
    Detection,
    baseline_alarm,
    detection,
    doctor_alarm,
    share_at_equal_false_alarms,
)
from gandoctor.experiments.benchmark.plan import Plan
from gandoctor.experiments.benchmark.scoring import (
    Case,
    Confusion,
    FalseAlarms,
    RuleScore,
    cases_of,
    cause_ranking,
    confusion,
    false_alarms,
    is_symptom,
    score_rule,
)
from gandoctor.experiments.benchmark.statistics import Ranking, Share, mann_whitney
from gandoctor.experiments.benchmark.truth import Judgements, Limits, limits_of_bands

NEW = "that no earlier version judged"

DECISIVE = "kid"
"""The oracle's number that compares the seeds of a fault with the healthy runs of its band."""


@dataclass(frozen=True)
class FaultRow:
    """One fault with one onset, over all its seeds.

    Attributes:
        name: Name of the fault, with "@STEP" if it begins on the way, and with the band if it is not the first band.
        kind: See `plan.Kind`.
        expected: Ids of the rules made for the fault, the main one first.
        runs: Number of judged runs.
        damaged: Runs that the oracle finds damaged.
        symptoms: Symptoms that the oracle saw, each once.
        found: Runs in which any rule made for the fault raised an alarm at the end.
        first: Runs in which the main rule did.
        others: Rule id -> runs with an alarm of this other rule.
        cause_ranks: Rank of the first right cause in each run, or None if the run's causes hold no right one. Empty if
            the plan names none.
        kid: p-value and chance of being above a healthy run of the band, over seeds.
    """

    name: str
    kind: str
    expected: tuple[str, ...]
    runs: int
    damaged: Share
    symptoms: tuple[str, ...]
    found: Share
    first: Share
    others: dict[str, int]
    cause_ranks: tuple[int | None, ...]
    kid: tuple[float, float] | None


@dataclass(frozen=True)
class Results:
    """All scores of a split.

    Attributes:
        split: Name of the split.
        planned: Number of planned runs.
        judged: Number of judged runs.
        failed: Id of each failed run -> why it failed.
        bands: Damage limits of each band.
        rules: Scores of the rules, by id.
        healthy: False alarms in healthy runs by family, and in groups of all families.
        unseen: False alarms in families that are not in the calibration split.
        scary: False alarms in scary runs, by change.
        detections: Detection by gandoctor and by the baselines.
        equal: Baseline -> share of ill runs that it finds with as many false alarms as gandoctor.
        causes: Ranking of causes over all faulty runs with right causes.
        causes_of_found: The same over those with any alarm.
        faults: Results by fault and onset.
        confusion: Alarms by the symptom that the oracle saw.
        misses: Id of each ill run without an alarm of a rule made for its fault -> rules with an alarm.
        overhead: Median share of training time that probes took.
    """

    split: str
    planned: int
    judged: int
    failed: dict[str, str]
    bands: dict[str, Limits]
    rules: list[RuleScore]
    healthy: list[FalseAlarms]
    unseen: list[FalseAlarms]
    scary: list[FalseAlarms]
    detections: list[Detection]
    equal: dict[str, Share | None]
    causes: Ranking
    causes_of_found: Ranking
    faults: list[FaultRow]
    confusion: list[Confusion]
    misses: dict[str, list[str]]
    overhead: float | None


def results_of(plan: Plan, judgements: Judgements, split: str) -> Results:
    """Score one split."""
    cases = cases_of(plan, judgements, split)
    planned = [run for run in plan.runs if run.split == split]
    rules = sorted({f["id"] for c in cases for f in c.judgement["findings"]})
    healthy = [c for c in cases if c.run.kind == "healthy"]
    families = list(dict.fromkeys(c.run.family for c in healthy))
    calibrated = {run.family for run in plan.runs if run.split == "calibration" and run.kind == "healthy"}
    unseen = [c for c in healthy if c.run.family not in calibrated]
    new = [c for c in healthy if not c.run.judged_before]
    scary = [c for c in cases if c.run.kind == "scary"]
    detections = _detections(cases)
    allowed = detections[0].healthy.hits
    overheads = [o for c in cases if (o := c.judgement.get("overhead")) is not None]
    return Results(
        split=split,
        planned=len(planned),
        judged=len(cases),
        failed={
            run.id: str(judgements[run.id].get("error"))
            for run in planned
            if judgements.get(run.id, {}).get("outcome") == "failed"
        },
        bands=limits_of_bands(plan, judgements),
        rules=[score_rule(rule, cases, plan) for rule in rules],
        healthy=[
            *(false_alarms(family, [c for c in healthy if c.run.family == family]) for family in families),
            false_alarms("all", healthy),
            *(
                false_alarms(name, group)
                for name, group in (
                    ("all that have learned, by the oracle", [c for c in healthy if c.truth.learned]),
                    ("all that have not", [c for c in healthy if c.truth.learned is False]),
                )
                if group
            ),
            *([false_alarms(f"all {NEW}", new)] if 0 < len(new) < len(healthy) else []),
        ],
        unseen=[false_alarms("all unseen families", unseen)] if unseen else [],
        scary=[
            false_alarms(name, [c for c in scary if c.run.fault == name])
            for name in dict.fromkeys(str(c.run.fault) for c in scary)
        ],
        detections=detections,
        equal={
            "low_d_loss_after_warm_up": share_at_equal_false_alarms(cases, "low_d_loss_after_warm_up", True, allowed),
            "large_gradient": share_at_equal_false_alarms(cases, "large_gradient", False, allowed),
        },
        causes=cause_ranking(cases),
        causes_of_found=cause_ranking([c for c in cases if c.alarms]),
        faults=_fault_rows(cases, judgements, plan),
        confusion=confusion(cases, plan),
        misses={
            c.run.id: sorted(c.alarms)
            for c in cases
            if c.run.is_faulty and c.is_ill and not c.alarms & set(c.run.expected)
        },
        overhead=median_high(overheads) if overheads else None,
    )


def _detections(cases: Sequence[Case]) -> list[Detection]:
    def counts(case: Case, rule: str) -> bool:
        return rule not in case.run.allowed

    doctor = {
        "gandoctor, any rule": counts,
        "gandoctor, symptoms only": lambda case, rule: is_symptom(rule) and counts(case, rule),
        "gandoctor, contracts and design only": lambda case, rule: not is_symptom(rule) and counts(case, rule),
        "gandoctor, a rule made for the fault": lambda case, rule: (
            rule in case.run.expected if case.run.is_faulty else counts(case, rule)
        ),
    }
    new = [c for c in cases if not c.run.judged_before]
    return [
        *(detection(name, cases, *doctor_alarm(test)) for name, test in doctor.items()),
        *([detection(f"gandoctor, any rule, runs {NEW}", new, *doctor_alarm(counts))] if len(new) < len(cases) else []),
        *(detection(name, cases, *baseline_alarm(name)) for name in BASELINES),
    ]


def _fault_rows(cases: Sequence[Case], judgements: Judgements, plan: Plan) -> list[FaultRow]:
    groups: dict[tuple[str, int, str], list[Case]] = {}
    for case in cases:
        if case.run.is_faulty:
            groups.setdefault((str(case.run.fault), case.run.onset, case.run.band), []).append(case)
    first_band = next((run.band for run in plan.runs if run.is_faulty), "")
    rows = []
    for (fault, onset, band), group in groups.items():
        run = group[0].run
        measured = [c.truth.damaged for c in group if c.truth.damaged is not None]
        others = [rule for c in group for rule in c.alarms - c.right]
        rows.append(
            FaultRow(
                name=fault + (f"@{onset}" if onset else "") + (f" ({band})" if band != first_band else ""),
                kind=run.kind,
                expected=run.expected,
                runs=len(group),
                damaged=Share(sum(measured), len(measured)),
                symptoms=tuple(dict.fromkeys(c.truth.symptom for c in group if c.truth.symptom)),
                found=Share(sum(bool(c.alarms & set(run.expected)) for c in group), len(group)),
                first=Share(sum(run.expected[:1] != () and run.expected[0] in c.alarms for c in group), len(group)),
                others=dict(sorted(Counter(others).items())),
                cause_ranks=cause_ranking(group).ranks,
                kid=mann_whitney(_kids(c.judgement for c in group), _kids_of_band(plan, judgements, band)),
            )
        )
    return rows


def _kids_of_band(plan: Plan, judgements: Judgements, band: str) -> list[float]:
    healthy = (run for run in plan.runs if run.kind == "healthy" and run.band == band)
    return _kids(judgements[run.id] for run in healthy if run.id in judgements)


def _kids(judgements: Any) -> list[float]:
    oracles = [judgement.get("oracle") or {} for judgement in judgements]
    return [float(oracle[DECISIVE]) for oracle in oracles if DECISIVE in oracle]


def to_plain(value: Any) -> Any:
    """Return results as plain data. A share includes its interval."""
    if isinstance(value, Share):
        return {"hits": value.hits, "of": value.of, "interval": value.interval}
    if isinstance(value, Ranking):
        reciprocal = value.mean_reciprocal
        return {
            "top_1": to_plain(value.within(1)),
            "top_3": to_plain(value.within(3)),
            "mrr": reciprocal,
            **asdict(value),
        }
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: to_plain(one) for key, one in value.items()}
    return [to_plain(one) for one in value] if isinstance(value, list | tuple) else value
