"""How well an alarm, of the rules or of a baseline, tells ill runs from healthy ones, and how soon."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gandoctor.experiments.benchmark.scoring import Case
from gandoctor.experiments.benchmark.statistics import Share, Wait


@dataclass(frozen=True)
class Detection:
    """How well one alarm tells ill runs from healthy ones.

    Attributes:
        name: Name of the alarm.
        ill: Ill runs with the alarm.
        mechanistic: Ill runs with a fault of the training that have the alarm.
        undamaged: Runs with a fault but without damage that have the alarm.
        healthy: Healthy runs with the alarm.
        delays: Steps from the onset to the alarm, in ill runs whose fault begins on the way.
        before_onset: Number of those runs in which the alarm was raised before the onset. They have no delay.
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
        """Share of ill runs that a random alarm would find if it were as frequent as this one in healthy runs."""
        return self.healthy.value


FirstAlarm = Callable[[Case], "int | None"]
"""Returns the first step of an alarm, or None if there was none."""


def detection(name: str, cases: Sequence[Case], first: FirstAlarm, early: Callable[[Case], bool]) -> Detection:
    """Score one alarm. `early` tells whether it was raised before the onset of a fault that begins on the way."""

    def is_raised(case: Case) -> bool:
        step = first(case)
        return step is not None and step >= case.run.onset

    def share(chosen: Iterable[Case]) -> Share:
        group = list(chosen)
        return Share(sum(is_raised(c) for c in group), len(group))

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


def doctor_alarm(counts: Callable[[Case, str], bool]) -> tuple[FirstAlarm, Callable[[Case], bool]]:
    """Return functions for the first and the early alarm of gandoctor, from the rules that count in a case."""

    def first(case: Case) -> int | None:
        # A rule that raised an alarm before the onset has not found the fault.
        before = case.judgement["false_start"]
        steps = [step for rule, step in case.judgement["alarms"].items() if counts(case, rule) and rule not in before]
        return min(steps, default=None)

    def early(case: Case) -> bool:
        return any(counts(case, rule) for rule in case.judgement["false_start"])

    return first, early


def baseline_alarm(name: str) -> tuple[FirstAlarm, Callable[[Case], bool]]:
    """Return functions for the first and the early alarm of a baseline. A baseline stays raised once it is raised."""

    def first(case: Case) -> int | None:
        step: int | None = case.judgement["baselines"].get(name)
        return step

    def early(case: Case) -> bool:
        step = first(case)
        return step is not None and step < case.run.onset

    return first, early


def share_at_equal_false_alarms(cases: Sequence[Case], score: str, low_is_bad: bool, allowed: int) -> Share | None:
    """Return the share of ill runs that a baseline finds with a threshold that allows this many false alarms.

    The threshold is set on the scored runs themselves. So this is the best that the baseline can do.

    Args:
        cases: The runs.
        score: Name of the baseline's score.
        low_is_bad: Whether a low score raises the alarm.
        allowed: Number of healthy runs that may have the alarm.
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


def _wait(case: Case, first: int | None) -> Wait:
    last = int(case.judgement["steps"])
    happened = first is not None and first >= case.run.onset
    return Wait((first if happened and first is not None else last) - case.run.onset, happened)
