"""What a rule is, and the one place that decides whether it can be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from gandoctor.rules.warmup import contract_warm_up_end, warm_up_end
from gandoctor.store import LossFamily, Run

if TYPE_CHECKING:
    from gandoctor.treatments import Treatment


Kind = Literal["contract", "design", "gradients", "balance", "samples", "other"]
"""What a rule judges; the first digit of its id says it."""

MODEL_CARD = "model_card"
"""Stands for a signal in evidence that was read off the model card: it has no steps but 0."""

_KINDS: tuple[Kind, ...] = ("contract", "design", "gradients", "balance", "samples")


class Severity(StrEnum):
    """How much a detected failure mode matters; ordered from harmless to fatal by `rank`."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return list(Severity).index(self)


class Status(StrEnum):
    """Outcome of one rule on one run."""

    DETECTED = "detected"
    NOT_DETECTED = "not_detected"
    NOT_EVALUATED = "not_evaluated"
    ERRORED = "errored"


class NotEvaluated(Exception):
    """Raised by `detect` when the run does not hold enough to decide; the message is the reason shown."""


@dataclass(frozen=True)
class Evidence:
    """One observation a person can check on the curve.

    Attributes:
        signal: Signal the observation was made on, or MODEL_CARD.
        observed: The value that speaks for the failure mode (e.g. the window's median).
        threshold: The limit it was compared with; None where the observation is a plain fact.
        first_step: First step of the observation; last_step: its last.
        statement: One sentence with the numbers in it.
        severity: Lower (or raise) the rule's own severity for this run; None keeps it.
        layers: The layers it is about, as "generator/PATH/NAME" or "discriminator/PATH/NAME".
    """

    signal: str
    observed: float
    threshold: float | None
    first_step: int
    last_step: int
    statement: str
    severity: Severity | None = None
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cause:
    """A hypothesis, never an assertion: `test` says what would tell it from the next one.

    Attributes:
        id: Stable slug.
        title: What may have caused the symptom.
        score: 0..1, used for ranking only; it is not a probability.
        test: The measurement or experiment that decides, and what this run shows of it.
    """

    id: str
    title: str
    score: float
    test: str


@dataclass(frozen=True)
class Finding:
    """What one rule says of one run; every rule yields exactly one.

    Attributes:
        treatments: What to change, best first for this run; `diagnose` fills it in for what was detected.
    """

    rule: Rule
    status: Status
    severity: Severity
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
    causes: tuple[Cause, ...] = ()
    treatments: tuple[Treatment, ...] = ()

    @property
    def first_step(self) -> int | None:
        """First step of any evidence."""
        return min((e.first_step for e in self.evidence), default=None)

    @property
    def last_step(self) -> int | None:
        """Last step of any evidence."""
        return max((e.last_step for e in self.evidence), default=None)


@dataclass(frozen=True)
class Rule:
    """One failure mode. Everything about it lives in the file that defines it.

    Attributes:
        id: "GD" and three digits; stable.
        name: The failure mode's name, kebab-case; stable.
        title: One line for a heading.
        severity: Of a detection, unless its evidence says otherwise.
        requires: Signals without which nothing can be said.
        detect: Pure function (run, limits) -> evidence, empty when healthy.
        limits: Frozen thresholds; every one carries its provenance in the rule's file.
        treatments: Ids from the catalogue, best first.
        references: Where the reader can learn more.
        page: The documentation page; the docstring of the rule's module.
        loss_families: Families the rule makes sense for; None for all, and then the family may be unknown.
        after_warm_up: Do not judge before `warm_up_end` (`contract_warm_up_end`); contracts and exact checks set False.
        causes: Ranks hypotheses once the rule has fired; None where the finding is its own cause.
    """

    id: str
    name: str
    title: str
    severity: Severity
    requires: tuple[str, ...]
    detect: Callable[[Run, Any], list[Evidence]]
    limits: Any
    treatments: tuple[str, ...]
    references: tuple[str, ...]
    page: str
    loss_families: frozenset[LossFamily] | None = None
    after_warm_up: bool = True
    causes: Callable[[Run], list[Cause]] | None = field(default=None)

    @property
    def kind(self) -> Kind:
        """What it judges, by the ranges of ids; "other" for an id outside of them, as a plug-in may have."""
        digit = self.id[2:3]
        known = self.id.startswith("GD") and digit.isdecimal() and int(digit) < len(_KINDS)
        return _KINDS[int(digit)] if known else "other"

    def evaluate(self, run: Run) -> Finding:
        """Judge a run. Decides for every rule alike what NOT_EVALUATED and ERRORED mean."""
        reason = self._cannot_evaluate(run)
        if reason is not None:
            return Finding(self, Status.NOT_EVALUATED, self.severity, reason=reason)
        try:
            evidence = tuple(self.detect(run, self.limits))
            if not evidence:
                return Finding(self, Status.NOT_DETECTED, self.severity)
            causes = tuple(sorted(self.causes(run), key=lambda c: -c.score)) if self.causes else ()
        except NotEvaluated as reason_not:
            return Finding(self, Status.NOT_EVALUATED, self.severity, reason=str(reason_not))
        except Exception as error:  # noqa: BLE001 - one broken rule must not take the others' verdicts with it
            return Finding(self, Status.ERRORED, self.severity, reason=f"{type(error).__name__}: {error}")
        severity = max((e.severity or self.severity for e in evidence), key=lambda s: s.rank)
        return Finding(self, Status.DETECTED, severity, evidence=evidence, causes=causes)

    def _cannot_evaluate(self, run: Run) -> str | None:
        family = run.manifest.loss_family
        if self.loss_families is not None:
            if family is None:
                return "The loss family is unknown; pass loss= to GANMonitor."
            if family not in self.loss_families:
                return f"Does not apply to a {family.replace('_', ' ')} loss."
        for name in self.requires:
            if name not in run:
                why = run.manifest.missing.get(name)
                return f"{name} was not recorded{f': {why}' if why else ''}."
        end = (contract_warm_up_end if self.kind in ("contract", "design") else warm_up_end)(run.manifest)
        if self.after_warm_up and run.last_step < end:
            return f"In warm-up: judged from step {end} on, the run is at step {run.last_step}."
        return None


def limits_of(rule: Rule) -> Mapping[str, float]:
    """Return a rule's thresholds by name."""
    return {name: getattr(rule.limits, name) for name in rule.limits.__dataclass_fields__}
