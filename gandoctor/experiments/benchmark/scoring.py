"""Scores judgements against the plan and the oracle; pure functions on plain data.

An alarm is a finding above a remark whose evidence reaches beyond the fault's onset. "At the end" is what a finished
run's diagnosis says; "on the way" counts what any of the looks at the growing run said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gandoctor.experiments.benchmark.plan import Plan, PlannedRun
from gandoctor.experiments.benchmark.statistics import Ranking, Share, Wait, rank_of_first
from gandoctor.experiments.benchmark.truth import Judgements, Truth, limits_of_bands, truth_of

ABOVE_REMARKS = ("warning", "critical")


def is_symptom(rule: str) -> bool:
    """Whether a rule judges what training did (GD2xx and up), and not how it is built (contracts, design)."""
    return not rule.startswith(("GD0", "GD1"))


@dataclass(frozen=True)
class Case:
    """A run with all that is known of it.

    Attributes:
        run: As planned.
        judgement: See `judge.judge`; something was judged.
        truth: By the oracle.
    """

    run: PlannedRun
    judgement: Mapping[str, Any]
    truth: Truth

    @property
    def alarms(self) -> set[str]:
        """Rules that raise an alarm at the end of the run."""
        return {
            f["id"]
            for f in self.judgement["findings"]
            if f["status"] == "detected" and f["severity"] in ABOVE_REMARKS and f["last_step"] >= self.run.onset
        }

    @property
    def alarms_on_the_way(self) -> set[str]:
        """Rules that raised an alarm at any look after the onset, the end among them."""
        return set(self.judgement["alarms"])

    @property
    def remarks(self) -> set[str]:
        """Rules that detected something, a remark or more."""
        return {f["id"] for f in self.judgement["findings"] if f["status"] == "detected"}

    @property
    def right(self) -> set[str]:
        """Rules that may speak of this run by the plan."""
        return {*self.run.expected, *self.run.allowed}

    @property
    def is_exact(self) -> bool:
        """Whether the symptom is there by construction."""
        return self.run.kind == "synthetic"

    @property
    def is_ill(self) -> bool:
        """Whether a fault was injected and did damage, or put a symptom there by construction."""
        return self.run.is_faulty and (self.is_exact or self.truth.damaged is True or self.crashed)

    @property
    def crashed(self) -> bool:
        """Whether the training raised."""
        return bool(self.judgement["outcome"] == "crashed")


def cases_of(plan: Plan, judgements: Judgements, split: str) -> list[Case]:
    """Return every judged run of a split; those that failed are not among them."""
    bands = limits_of_bands(plan, judgements)
    return [
        Case(run, judgements[run.id], truth_of(plan, run, judgements[run.id], bands))
        for run in plan.runs
        if run.split == split and run.id in judgements and judgements[run.id]["outcome"] != "failed"
    ]


@dataclass(frozen=True)
class RuleScore:
    """One rule over all runs of a split, at their end.

    Attributes:
        id: Of the rule.
        found: Of the runs with a fault it was made for, those with its alarm; for a symptom only where there is damage.
        remarked: The same, with remarks counted.
        found_any: Of all runs with a fault it was made for, damaged or not.
        found_kind: Of the runs with any fault in which the oracle saw damage of the kind it speaks of, those with its
            alarm; of nothing for contracts and design.
        precise: Of its alarms, those in runs it was made for or is allowed in.
        plausible: Of its alarms, those, and for a symptom also those in runs with damage of its kind by the oracle.
        false_alarms: Of healthy runs, those with its alarm although it is not allowed there; on_the_way at any look.
        missed: Ids of runs it should have found.
        not_evaluated: How many of the runs it should have found it could not judge.
    """

    id: str
    found: Share
    remarked: Share
    found_any: Share
    found_kind: Share
    precise: Share
    plausible: Share
    false_alarms: Share
    on_the_way: Share
    missed: tuple[str, ...]
    not_evaluated: int


def score_rule(rule: str, cases: Sequence[Case], plan: Plan) -> RuleScore:
    """Score one rule."""
    made_for = [c for c in cases if c.run.is_faulty and rule in c.run.expected]
    due = [c for c in made_for if not is_symptom(rule) or c.is_ill]
    alarming = [c for c in cases if rule in c.alarms]
    right = [c for c in alarming if rule in c.right]
    kinds = {s.name for s in plan.symptoms if rule in s.rules}
    of_kind = [c for c in cases if c.run.is_faulty and is_symptom(rule) and c.truth.symptom in kinds]
    plausible = [c for c in alarming if rule in c.right or (c.run.is_faulty and c.truth.symptom in kinds)]
    healthy = [c for c in cases if c.run.kind == "healthy" and rule not in c.run.allowed]
    return RuleScore(
        id=rule,
        found=Share(sum(rule in c.alarms for c in due), len(due)),
        remarked=Share(sum(rule in c.remarks for c in due), len(due)),
        found_any=Share(sum(rule in c.alarms for c in made_for), len(made_for)),
        found_kind=Share(sum(rule in c.alarms for c in of_kind), len(of_kind)),
        precise=Share(len(right), len(alarming)),
        plausible=Share(len(plausible), len(alarming)),
        false_alarms=Share(sum(rule in c.alarms for c in healthy), len(healthy)),
        on_the_way=Share(sum(rule in c.alarms_on_the_way for c in healthy), len(healthy)),
        missed=tuple(c.run.id for c in due if rule not in c.alarms),
        not_evaluated=sum(_status(c, rule) == "not_evaluated" for c in due),
    )


@dataclass(frozen=True)
class FalseAlarms:
    """False alarms of one group of runs in which nothing is wrong.

    Attributes:
        group: Family.
        at_the_end: Runs with any; facts: of contracts and design; symptoms: of the rest; critical: of critical ones.
        on_the_way: Runs with any at any look.
        steps: Trained in all.
        alarms: Rule id -> runs, at the end or on the way.
        damaged: Runs that the oracle calls damaged against the calibration's band of the same family; None: no band.
    """

    group: str
    at_the_end: Share
    facts: Share
    symptoms: Share
    critical: Share
    on_the_way: Share
    steps: int
    alarms: dict[str, int]
    damaged: Share | None

    @property
    def per_thousand_steps(self) -> float | None:
        """Alarms (rule and run) in a thousand steps."""
        return 1000 * sum(self.alarms.values()) / self.steps if self.steps else None


def false_alarms(group: str, cases: Sequence[Case]) -> FalseAlarms:
    """Count the false alarms of healthy or scary runs."""

    def share(test: Callable[[set[str]], bool], alarms: Callable[[Case], set[str]] = lambda c: c.alarms) -> Share:
        return Share(sum(test(alarms(c) - c.right) for c in cases), len(cases))

    everywhere = [(c.alarms_on_the_way | c.alarms) - c.right for c in cases]
    told = [c.truth.damaged for c in cases if c.truth.damaged is not None]
    return FalseAlarms(
        group=group,
        at_the_end=share(bool),
        facts=share(lambda rules: any(not is_symptom(rule) for rule in rules)),
        symptoms=share(lambda rules: any(is_symptom(rule) for rule in rules)),
        critical=share(bool, _critical),
        on_the_way=Share(sum(bool(rules) for rules in everywhere), len(cases)),
        steps=sum(int(c.judgement["steps"]) for c in cases),
        alarms=dict(sorted(Counter(rule for rules in everywhere for rule in rules).items())),
        damaged=Share(sum(told), len(told)) if told else None,
    )


@dataclass(frozen=True)
class Detection:
    """How well one alarm tells ill runs from healthy ones.

    Attributes:
        name: Of the alarm.
        ill: Ill runs with it. mechanistic: those with a fault of the training. contract: undamaged runs with a fault.
        healthy: Healthy runs with it.
        random: Chance that an alarm raised at random as often as among the healthy would hit an ill run.
        delay: In runs with a fault from the middle on: steps from the onset, and those it spoke before.
    """

    name: str
    ill: Share
    mechanistic: Share
    undamaged: Share
    healthy: Share
    delays: tuple[Wait, ...]
    before_onset: int

    @property
    def random(self) -> float | None:
        """What an alarm raised at random, as often as among the healthy, would find of the ill."""
        return self.healthy.value


FirstAlarm = Callable[[Case], "int | None"]
"""First step of an alarm, None where there was none."""


def detection(name: str, cases: Sequence[Case], first: FirstAlarm, early: Callable[[Case], bool]) -> Detection:
    """Score one alarm; `early` tells whether it was up before the onset of a fault that begins on the way."""

    def up(case: Case) -> bool:
        step = first(case)
        return step is not None and step >= case.run.onset

    def share(chosen: Iterable[Case]) -> Share:
        group = list(chosen)
        return Share(sum(up(c) for c in group), len(group))

    mid_run = [c for c in cases if c.is_ill and c.run.onset]
    clean = [c for c in mid_run if not early(c)]
    return Detection(
        name=name,
        ill=share(c for c in cases if c.is_ill),
        mechanistic=share(c for c in cases if c.is_ill and not c.is_exact),
        undamaged=share(c for c in cases if c.run.is_faulty and not c.is_ill and c.truth.damaged is False),
        healthy=share(c for c in cases if c.run.kind == "healthy"),
        delays=tuple(_wait(c, first(c)) for c in clean),
        before_onset=len(mid_run) - len(clean),
    )


def by_doctor(wanted: Callable[[Case, str], bool]) -> tuple[FirstAlarm, Callable[[Case], bool]]:
    """Return first alarm and early alarm of the doctor, of those rules only that are wanted in a case."""

    def first(case: Case) -> int | None:
        # What was up before the onset has not found the fault.
        before = case.judgement["false_start"]
        steps = [step for rule, step in case.judgement["alarms"].items() if wanted(case, rule) and rule not in before]
        return min(steps, default=None)

    def early(case: Case) -> bool:
        return any(wanted(case, rule) for rule in case.judgement["false_start"])

    return first, early


def by_baseline(name: str) -> tuple[FirstAlarm, Callable[[Case], bool]]:
    """Return first alarm and early alarm of a baseline, which stays up once raised."""

    def first(case: Case) -> int | None:
        step: int | None = case.judgement["baselines"].get(name)
        return step

    def early(case: Case) -> bool:
        step = first(case)
        return step is not None and step < case.run.onset

    return first, early


def at_equal_false_alarms(cases: Sequence[Case], score: str, low_is_bad: bool, allowed: int) -> Share | None:
    """Return what a baseline finds of the ill where its threshold lets so many healthy runs alarm.

    The threshold is read off the very runs that are scored: the best the baseline could do.
    """

    def badness(case: Case) -> float | None:
        value = case.judgement["scores"].get(score)
        if value is None:
            return None
        number = float(value)
        return float("inf") if number != number else -number if low_is_bad else number

    healthy = sorted((b for c in cases if c.run.kind == "healthy" if (b := badness(c)) is not None), reverse=True)
    if not healthy:
        return None
    threshold = healthy[allowed] if allowed < len(healthy) else float("-inf")
    ill = [badness(c) for c in cases if c.is_ill]
    return Share(sum(b is not None and b > threshold for b in ill), len(ill))


def cause_ranking(cases: Sequence[Case]) -> Ranking:
    """Return where the first right cause stood, in every faulty run for which the plan names right ones."""
    named = [c for c in cases if c.run.is_faulty and c.run.causes]
    return Ranking(tuple(rank_of_first([one["id"] for one in c.judgement["causes"]], c.run.causes) for c in named))


@dataclass(frozen=True)
class Confusion:
    """What was said of runs with one symptom, by the oracle.

    Attributes:
        symptom: By the oracle; "none" where undamaged.
        runs: How many.
        named: Runs in which any of the rules that speak of it raised an alarm; None for "none".
        alarms: Rule id of a symptom -> runs.
    """

    symptom: str
    runs: int
    named: Share | None
    alarms: dict[str, int] = field(default_factory=dict)


def confusion(cases: Sequence[Case], plan: Plan) -> list[Confusion]:
    """Return symptom by symptom which symptom rules raised an alarm, over faulty runs that the oracle has measured."""
    measured = [c for c in cases if c.run.is_faulty and c.truth.damaged is not None]
    rows = []
    for name, rules in (*((s.name, s.rules) for s in plan.symptoms), ("none", ())):
        group = [c for c in measured if (c.truth.symptom or "none") == name]
        hits = Share(sum(bool(c.alarms & set(rules)) for c in group), len(group)) if rules else None
        alarms = Counter(rule for c in group for rule in c.alarms if is_symptom(rule))
        rows.append(Confusion(name, len(group), hits, dict(sorted(alarms.items()))))
    return rows


def _critical(case: Case) -> set[str]:
    findings = case.judgement["findings"]
    return {f["id"] for f in findings if f["id"] in case.alarms and f["severity"] == "critical"}


def _wait(case: Case, first: int | None) -> Wait:
    last = int(case.judgement["steps"])
    happened = first is not None and first >= case.run.onset
    return Wait((first if happened and first is not None else last) - case.run.onset, happened)


def _status(case: Case, rule: str) -> str | None:
    return next((f["status"] for f in case.judgement["findings"] if f["id"] == rule), None)
