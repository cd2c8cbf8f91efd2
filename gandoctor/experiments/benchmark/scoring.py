"""Score judgements against the plan and the oracle: each rule, false alarms, causes and symptoms.

An alarm is a finding more severe than an info whose evidence reaches beyond the fault's onset. "At the end" means in
the diagnosis of the finished run. "On the way" means in any diagnosis of the growing run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gandoctor.experiments.benchmark.plan import Plan, PlannedRun
from gandoctor.experiments.benchmark.statistics import Ranking, Share, rank_of_first
from gandoctor.experiments.benchmark.truth import Judgements, Truth, limits_of_bands, truth_of

ALARM_SEVERITIES = ("warning", "critical")


def is_symptom(rule: str) -> bool:
    """Return whether a rule judges the training itself (GD2xx and up) and not its contracts or design."""
    return not rule.startswith(("GD0", "GD1"))


@dataclass(frozen=True)
class Case:
    """A run with its judgement and its truth.

    Attributes:
        run: The planned run.
        judgement: See `judge.judge`. Failed runs have no case.
        truth: The truth by the oracle.
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
            if f["status"] == "detected" and f["severity"] in ALARM_SEVERITIES and f["last_step"] >= self.run.onset
        }

    @property
    def alarms_on_the_way(self) -> set[str]:
        """Rules that raised an alarm at any look after the onset, including the end."""
        return set(self.judgement["alarms"])

    @property
    def remarks(self) -> set[str]:
        """Rules that detected something of any severity."""
        return {f["id"] for f in self.judgement["findings"] if f["status"] == "detected"}

    @property
    def right(self) -> set[str]:
        """Rules whose finding is right for this run, by the plan."""
        return {*self.run.expected, *self.run.allowed}

    @property
    def is_exact(self) -> bool:
        """Whether the symptom exists by construction."""
        return self.run.kind == "synthetic"

    @property
    def is_ill(self) -> bool:
        """Whether the run has a fault that did damage, crashed the training, or added a symptom by construction."""
        return self.run.is_faulty and (self.is_exact or self.truth.damaged is True or self.crashed)

    @property
    def crashed(self) -> bool:
        """Whether the training raised an error."""
        return bool(self.judgement["outcome"] == "crashed")


def cases_of(plan: Plan, judgements: Judgements, split: str) -> list[Case]:
    """Return the cases of all judged runs of a split, except failed runs."""
    bands = limits_of_bands(plan, judgements)
    return [
        Case(run, judgements[run.id], truth_of(plan, run, judgements[run.id], bands))
        for run in plan.runs
        if run.split == split and run.id in judgements and judgements[run.id]["outcome"] != "failed"
    ]


@dataclass(frozen=True)
class RuleScore:
    """The scores of one rule over all runs of a split, at their end.

    Attributes:
        id: Id of the rule.
        found: Runs with its alarm, among the runs with a fault that it was made for. A symptom rule counts ill runs
            only.
        remarked: The same for findings of any severity.
        found_any: Runs with its alarm, among all runs with a fault that it was made for, damaged or not.
        found_kind: Runs with its alarm, among runs with any fault whose damage is of its kind by the oracle. The total
            is 0 for contracts and design.
        precise: Alarms in runs that the rule was made for or is allowed in, among all its alarms.
        plausible: The same, but a symptom rule is also right in faulty runs with damage of its kind.
        false_alarms: Runs with its alarm at the end, among healthy runs in which it is not allowed.
        on_the_way: The same for an alarm at any look.
        missed: Ids of runs that it should have found and did not.
        not_evaluated: Number of runs that it should have found but could not judge.
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
    """False alarms in one group of runs without a fault.

    Attributes:
        group: Name of the group, usually the family.
        at_the_end: Runs with any false alarm at the end.
        facts: Runs with a false alarm of a contract or design rule.
        symptoms: Runs with a false alarm of a symptom rule.
        critical: Runs with a critical false alarm.
        on_the_way: Runs with any false alarm at any look.
        steps: Training steps of all runs.
        alarms: Rule id -> runs with its false alarm, at the end or on the way.
        damaged: Runs that the oracle finds damaged, compared with the band of the family. None if it has no band.
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
        """Alarms per thousand steps. Each pair of a rule and a run counts once."""
        return 1000 * sum(self.alarms.values()) / self.steps if self.steps else None


def false_alarms(group: str, cases: Sequence[Case]) -> FalseAlarms:
    """Count the false alarms of healthy or scary runs."""

    def share(test: Callable[[set[str]], bool], alarms: Callable[[Case], set[str]] = lambda c: c.alarms) -> Share:
        return Share(sum(test(alarms(c) - c.right) for c in cases), len(cases))

    everywhere = [(c.alarms_on_the_way | c.alarms) - c.right for c in cases]
    measured = [c.truth.damaged for c in cases if c.truth.damaged is not None]
    return FalseAlarms(
        group=group,
        at_the_end=share(bool),
        facts=share(lambda rules: any(not is_symptom(rule) for rule in rules)),
        symptoms=share(lambda rules: any(is_symptom(rule) for rule in rules)),
        critical=share(bool, _critical),
        on_the_way=Share(sum(bool(rules) for rules in everywhere), len(cases)),
        steps=sum(int(c.judgement["steps"]) for c in cases),
        alarms=dict(sorted(Counter(rule for rules in everywhere for rule in rules).items())),
        damaged=Share(sum(measured), len(measured)) if measured else None,
    )


def cause_ranking(cases: Sequence[Case]) -> Ranking:
    """Return the rank of the first right cause in every faulty run for which the plan names right causes."""
    named = [c for c in cases if c.run.is_faulty and c.run.causes]
    return Ranking(tuple(rank_of_first([one["id"] for one in c.judgement["causes"]], c.run.causes) for c in named))


@dataclass(frozen=True)
class Confusion:
    """The alarms in runs in which the oracle saw one symptom.

    Attributes:
        symptom: Name of the symptom; "none" for undamaged runs.
        runs: Number of runs.
        named: Runs in which any rule for this symptom raised an alarm. None for "none".
        alarms: Id of a symptom rule -> runs with its alarm.
    """

    symptom: str
    runs: int
    named: Share | None
    alarms: dict[str, int] = field(default_factory=dict)


def confusion(cases: Sequence[Case], plan: Plan) -> list[Confusion]:
    """Return the alarms of symptom rules for each symptom, over faulty runs that the oracle has measured."""
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


def _status(case: Case, rule: str) -> str | None:
    return next((f["status"] for f in case.judgement["findings"] if f["id"] == rule), None)
