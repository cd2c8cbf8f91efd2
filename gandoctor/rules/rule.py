"""What a rule is, and the one place that decides whether it can be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from gandoctor.loss_families import OBJECTIVES, LossFamily
from gandoctor.message import Absence, Message
from gandoctor.rules.warm_up import contract_warm_up_end, warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    from gandoctor.treatments import Treatment


Kind = Literal["contracts", "design", "gradients", "balance", "samples", "other"]
"""What a rule judges: the folder it lives in; "other" for a plug-in's."""

KINDS: tuple[Kind, ...] = ("contracts", "design", "gradients", "balance", "samples")
FACTS: tuple[Kind, ...] = ("contracts", "design")
"""Kinds of rules whose findings are facts about how the training is built, not symptoms."""

MODEL_CARD = "model_card"
"""Stands for a signal in evidence that was read off the model card: it has no steps but 0."""


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
    """Raised by `detect` when the run does not hold enough to decide.

    Attributes:
        reason: Why; shown.
    """

    def __init__(self, reason: Message | str) -> None:
        super().__init__(str(reason))
        self.reason = Message.of(reason)


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
        detail: What `detect` found, in the rule's own terms, for its `causes`; nobody else reads it.
    """

    signal: str
    observed: float
    threshold: float | None
    first_step: int
    last_step: int
    statement: Message
    severity: Severity | None = None
    layers: tuple[str, ...] = ()
    detail: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "statement", Message.of(self.statement))


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
    title: Message
    score: float
    test: Message

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", Message.of(self.title))
        object.__setattr__(self, "test", Message.of(self.test))


@dataclass(frozen=True)
class Found:
    """What `detect` found, for the rule's `causes`.

    Attributes:
        evidence: Every observation, at least one.
        limits: The thresholds they were made with.
    """

    evidence: tuple[Evidence, ...]
    limits: Any

    @property
    def details(self) -> list[Any]:
        """The observations in the rule's own terms."""
        return [e.detail for e in self.evidence if e.detail is not None]


@dataclass(frozen=True)
class Finding:
    """What one rule says of one run; every rule yields exactly one.

    Attributes:
        treatments: What to change, best first for this run; `diagnose` fills it in for what was detected.
    """

    rule: Rule
    status: Status
    severity: Severity
    reason: Message | None = None
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
class Explanation:
    """A contract's or design rule's place among the causes: what it would set off, were it the only thing wrong.

    The scores say how well it explains its symptoms, by the severity of the finding. They are judgement, ordered by how
    surely the finding alone produces them.

    Attributes:
        symptoms: Ids of the rules it would set off.
        critical: Score of a critical finding, 0..1; warning: of a warning; info: of a remark.
        same_as: Ids of the hypotheses that say the same; other rules rank them among their causes.
        refutes: Those of them that are wrong where the rule was evaluated and found nothing; None for all of them.
    """

    symptoms: tuple[str, ...]
    critical: float
    warning: float
    info: float
    same_as: tuple[str, ...] = ()
    refutes: tuple[str, ...] | None = None

    def score(self, severity: Severity) -> float:
        """Return how well a finding of that severity explains its symptoms."""
        return {Severity.CRITICAL: self.critical, Severity.WARNING: self.warning, Severity.INFO: self.info}[severity]

    @property
    def refuted(self) -> tuple[str, ...]:
        """The hypotheses that are wrong where the rule was evaluated and found nothing."""
        return self.same_as if self.refutes is None else self.refutes


@dataclass(frozen=True)
class Rule:
    """One failure mode. Everything about it lives in the file that defines it.

    Attributes:
        id: "GD" and three digits; stable.
        name: The failure mode's name, kebab-case; stable.
        title: One line for a heading.
        severity: Of a detection, unless its evidence says otherwise.
        requires: Signals without which nothing can be said.
        detect: Pure function (run, limits) -> evidence, empty where nothing is wrong.
        limits: Frozen thresholds; every one carries its provenance in the rule's file.
        treatments: Ids from the catalogue, best first.
        references: Where the reader can learn more.
        page: The documentation page; the docstring of the rule's module.
        loss_families: Families the rule makes sense for; None for all, and then the family may be unknown.
        after_warm_up: Do not judge before `warm_up_end` (`contract_warm_up_end`); contracts and exact checks set False.
        causes: Pure function (run, found) -> hypotheses, once the rule has fired; None where the finding is its own
            cause.
        explains: What the finding would set off, and the hypotheses that say the same; None where it explains nothing.
    """

    id: str
    name: str
    title: Message
    severity: Severity
    requires: tuple[str, ...]
    detect: Callable[[Run, Any], list[Evidence]]
    limits: Any
    treatments: tuple[str, ...]
    references: tuple[str, ...]
    page: str
    loss_families: frozenset[LossFamily] | None = None
    after_warm_up: bool = True
    causes: Callable[[Run, Found], list[Cause]] | None = None
    explains: Explanation | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", Message.of(self.title))

    @property
    def kind(self) -> Kind:
        """What it judges, by the folder of its file; "other" for a plug-in's."""
        package, _, _module = self.detect.__module__.rpartition(".")
        folder = package.removeprefix("gandoctor.rules.")
        return next((kind for kind in KINDS if kind == folder), "other")

    @property
    def is_fact(self) -> bool:
        """Whether its findings are facts about how the training is built, not symptoms."""
        return self.kind in FACTS

    def evaluate(self, run: Run) -> Finding:
        """Judge a run. Decides for every rule alike what NOT_EVALUATED and ERRORED mean."""
        reason = self._cannot_evaluate(run)
        if reason is not None:
            return Finding(self, Status.NOT_EVALUATED, self.severity, reason=reason)
        try:
            evidence = tuple(self.detect(run, self.limits))
            if not evidence:
                return Finding(self, Status.NOT_DETECTED, self.severity)
            found = Found(evidence, self.limits)
            causes = tuple(sorted(self.causes(run, found), key=lambda c: -c.score)) if self.causes else ()
        except NotEvaluated as reason_not:
            return Finding(self, Status.NOT_EVALUATED, self.severity, reason=reason_not.reason)
        except Exception as error:  # noqa: BLE001 - one broken rule must not take the others' verdicts with it
            broken = Message("{error}: {message}", error=type(error).__name__, message=str(error))
            return Finding(self, Status.ERRORED, self.severity, reason=broken)
        severity = max((e.severity or self.severity for e in evidence), key=lambda s: s.rank)
        return Finding(self, Status.DETECTED, severity, evidence=evidence, causes=causes)

    def _cannot_evaluate(self, run: Run) -> Message | None:
        family = run.manifest.loss_family
        if self.loss_families is not None:
            if family is None:
                return Message("The loss family is unknown. Pass loss= to GANMonitor.")
            if family not in self.loss_families:
                return Message("Does not apply to a {family} loss.", family=OBJECTIVES[family].title)
        for name in self.requires:
            if name not in run:
                return not_recorded(run, name)
        end = (contract_warm_up_end if self.is_fact else warm_up_end)(run.manifest)
        if self.after_warm_up and run.last_step < end:
            return Message(
                "In warm-up: judged from step {end} on, and the run is at step {step}.", end=end, step=run.last_step
            )
        return None


def not_recorded(run: Run, signal: str) -> Message:
    """Return the sentence that a signal was not recorded, with the recording's own reason where it gave one."""
    why = run.manifest.missing.get(signal)
    if why is None:
        return Message("{signal} was not recorded.", signal=signal)
    return Message("{signal} was not recorded: {why}.", signal=signal, why=Absence.read(why).message)


def limits_of(rule: Rule) -> Mapping[str, float]:
    """Return a rule's thresholds by name."""
    return {name: getattr(rule.limits, name) for name in rule.limits.__dataclass_fields__}
