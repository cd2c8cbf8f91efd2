"""Score judgements of the corpus: named rightly first, among three, silent or wrong; and alarms on look-alikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from gandoctor.experiments.benchmark.statistics import Share
from gandoctor.experiments.wild.catalogue import Case
from gandoctor.experiments.wild.judge import Judgement

PLACES = 3
"""Places within which a right answer counts as among the first."""


@dataclass(frozen=True)
class Scored:
    """One program with its judgement.

    What is said first is the finding that the verdict names and, beside it, the first likely cause: a person reads both
    in one glance, and either may be right.
    """

    case: Case
    judgement: Judgement

    @cached_property
    def findings(self) -> list[str]:
        """Ids of the findings above a remark, in the order in which they are shown."""
        return [rule for rule, _ in self.judgement.get("findings", ())]

    @cached_property
    def causes(self) -> list[str]:
        """Ids of the likely causes, best first."""
        return [cause for cause, _ in self.judgement.get("causes", ())]

    @property
    def verdict(self) -> str | None:
        """The verdict, or None where nothing was recorded."""
        return self.judgement.get("verdict")

    @property
    def is_silent(self) -> bool:
        """Whether nothing above a remark was said."""
        return not self.findings

    @property
    def is_first(self) -> bool:
        """Whether what is said first names the cause or describes the symptom."""
        return self._is_said(1, {*self.case.right, *self.case.symptoms})

    @property
    def is_cause_first(self) -> bool:
        """Whether what is said first names the cause."""
        return self._is_said(1, {*self.case.right})

    @property
    def is_among(self) -> bool:
        """Whether the cause or the symptom is among the first three findings or causes."""
        return self._is_said(PLACES, {*self.case.right, *self.case.symptoms})

    @property
    def is_wrong(self) -> bool:
        """Whether something is said and nothing right is among the first three findings and causes."""
        return not self.is_silent and not self.is_among

    @property
    def forbidden(self) -> list[str]:
        """Ids that must not be said of this program and are."""
        said = dict.fromkeys([*self.findings, *self.causes])
        return [one for one in said if one in self.case.must_not]

    @property
    def critical(self) -> list[str]:
        """Ids of the critical findings."""
        return [rule for rule, severity in self.judgement.get("findings", ()) if severity == "critical"]

    def _is_said(self, places: int, right: set[str]) -> bool:
        return bool(right & {*self.findings[:places], *self.causes[:places]})


@dataclass(frozen=True)
class Totals:
    """Shares of a group of broken programs.

    Attributes:
        group: Name of the group.
        first: Named rightly first, by cause or symptom.
        cause_first: Named rightly first by cause.
        among: Named rightly among the first three.
        silent: Nothing above a remark was said.
        wrong: Something was said, and nothing right among the first three.
        healthy: Called healthy.
        forbidden: Something that must not be said was said.
    """

    group: str
    first: Share
    cause_first: Share
    among: Share
    silent: Share
    wrong: Share
    healthy: Share
    forbidden: Share


def totals(group: str, scored: Sequence[Scored]) -> Totals:
    """Return the shares of a group of broken programs."""

    def share(test: Callable[[Scored], bool]) -> Share:
        return Share(sum(map(test, scored)), len(scored))

    return Totals(
        group=group,
        first=share(lambda one: one.is_first),
        cause_first=share(lambda one: one.is_cause_first),
        among=share(lambda one: one.is_among),
        silent=share(lambda one: one.is_silent),
        wrong=share(lambda one: one.is_wrong),
        healthy=share(lambda one: one.verdict == "healthy"),
        forbidden=share(lambda one: bool(one.forbidden)),
    )


def totals_by(scored: Iterable[Scored], key: Callable[[Case], str]) -> list[Totals]:
    """Return the shares of the broken programs by a property of the case, in the order of first appearance."""
    groups: dict[str, list[Scored]] = {}
    for one in scored:
        groups.setdefault(key(one.case), []).append(one)
    return [totals(name, group) for name, group in groups.items()]


@dataclass(frozen=True)
class FalseAlarms:
    """Alarms on look-alikes.

    Attributes:
        critical: With a critical finding.
        warning: With any finding above a remark.
        unrecorded: Of which nothing was recorded.
    """

    critical: Share
    warning: Share
    unrecorded: Share


def false_alarms(scored: Sequence[Scored]) -> FalseAlarms:
    """Return the alarms on a group of look-alikes."""
    return FalseAlarms(
        critical=Share(sum(bool(one.critical) for one in scored), len(scored)),
        warning=Share(sum(not one.is_silent for one in scored), len(scored)),
        unrecorded=Share(sum(one.verdict is None for one in scored), len(scored)),
    )
