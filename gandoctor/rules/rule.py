"""Rule: one failure mode, how it is detected, and the one place that decides whether it can be evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from gandoctor.loss_families import OBJECTIVES, LossFamily
from gandoctor.message import Absence, Absent, Message
from gandoctor.rules.warm_up import contract_warm_up_end, warm_up_end
from gandoctor.store import Run

if TYPE_CHECKING:
    from gandoctor.treatments import Treatment


Kind = Literal["contracts", "design", "gradients", "balance", "samples", "other"]
"""What a rule judges, named after its folder; "other" for a plug-in."""

KINDS: tuple[Kind, ...] = ("contracts", "design", "gradients", "balance", "samples")
FACTS: tuple[Kind, ...] = ("contracts", "design")
"""Kinds whose findings are facts about how the training is built, not symptoms."""

MODEL_CARD = "model_card"
"""The signal of evidence that was read from the model card; its only step is 0."""


Standing = Literal["confirmed", "possible", "ruled_out"]
"""Where a run leaves a hypothesis: it shows the cause itself, it cannot tell, or it shows the opposite."""

SHOWN_FROM = 0.85
"""Score of a hypothesis whose cause the run shows at work."""
DENIED_UP_TO = 0.1
"""Score of a hypothesis that the run speaks against."""


class Severity(StrEnum):
    """How much a detected failure mode matters. `rank` orders severities from harmless to fatal."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info, 1 for warning, 2 for critical."""
        return list(Severity).index(self)


class Status(StrEnum):
    """Outcome of a rule on a run."""

    DETECTED = "detected"
    NOT_DETECTED = "not_detected"
    NOT_EVALUATED = "not_evaluated"
    ERRORED = "errored"


class NotEvaluated(Exception):
    """Raised by `detect` when the run does not contain enough to decide.

    Attributes:
        reason: Why, as shown to the user.
        applies: False where there is nothing to judge, such as the ReLU units of a network without any: that is no
            gap in what was looked at.
    """

    def __init__(self, reason: Message | str, applies: bool = True) -> None:
        super().__init__(str(reason))
        self.reason = Message.of(reason)
        self.applies = applies


@dataclass(frozen=True)
class Evidence:
    """One observation a person can check on the curve.

    Attributes:
        signal: Signal the observation was made on, or MODEL_CARD.
        observed: The value that indicates the failure mode, e.g. the median of a window, in the signal's unit.
        threshold: The limit it was compared with, in the same unit; None where there was nothing to compare.
        first_step: First step of the observation; last_step: its last.
        statement: A sentence or a few, with the numbers in them.
        severity: Overrides the rule's own severity for this run; None keeps it.
        layers: The layers concerned, as "generator/PATH/NAME" or "discriminator/PATH/NAME".
        threshold_is: What the threshold is, where it is no fixed number: "10 times the generator's rate".
        detail: What `detect` found, in the rule's own terms. Only the rule's `causes` reads it.
    """

    signal: str
    observed: float
    threshold: float | None
    first_step: int
    last_step: int
    statement: Message
    severity: Severity | None = None
    layers: tuple[str, ...] = ()
    threshold_is: Message | None = None
    detail: Any = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "statement", Message.of(self.statement))


@dataclass(frozen=True)
class Cause:
    """A hypothesis about a run, never an assertion: `test` says how to tell it from the next one.

    Attributes:
        id: Stable slug.
        title: What may have caused the symptom.
        score: 0..1, for ranking only; not a probability. It is judgement: 0.85 and more where the run shows the cause
            itself, about 0.3 where nothing was recorded, 0.1 and less where the run speaks against it.
        test: The measurement or experiment that decides, and what this run shows of it.
        standing: Where that leaves it; by the score unless given.
    """

    id: str
    title: Message
    score: float
    test: Message
    standing: Standing | None = None

    def __post_init__(self) -> None:
        if self.standing is None:
            shown = "confirmed" if self.score >= SHOWN_FROM else "possible"
            object.__setattr__(self, "standing", "ruled_out" if self.score <= DENIED_UP_TO else shown)
        object.__setattr__(self, "title", Message.of(self.title))
        object.__setattr__(self, "test", Message.of(self.test))


@dataclass(frozen=True)
class Found:
    """What `detect` found, passed on to the rule's `causes`.

    Attributes:
        evidence: Every observation; at least one.
        limits: The thresholds that `detect` used.
    """

    evidence: tuple[Evidence, ...]
    limits: Any

    @property
    def details(self) -> list[Any]:
        """The observations in the rule's own terms, where `detect` attached any."""
        return [e.detail for e in self.evidence if e.detail is not None]


@dataclass(frozen=True)
class Finding:
    """The outcome of a rule on a run, whatever it is.

    Attributes:
        reason: Why the rule was not evaluated, or the error; None otherwise.
        treatments: What to change, best first for this run. `diagnose` fills it in where the rule was detected.
        game: The game it was found in, where a run has several.
    """

    rule: Rule
    status: Status
    severity: Severity
    reason: Message | None = None
    evidence: tuple[Evidence, ...] = ()
    causes: tuple[Cause, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    game: str | None = None

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.rule.id

    @property
    def title(self) -> Message:
        """The rule's title."""
        return self.rule.title

    def __repr__(self) -> str:
        since = "" if self.first_step is None else f", from step {self.first_step}"
        return f"<Finding {self.id} {self.status.value} ({self.severity.value}{since}): {self.title}>"

    @property
    def first_step(self) -> int | None:
        """First step of all evidence."""
        return min((e.first_step for e in self.evidence), default=None)

    @property
    def last_step(self) -> int | None:
        """Last step of all evidence."""
        return max((e.last_step for e in self.evidence), default=None)

    @property
    def open_causes(self) -> tuple[Cause, ...]:
        """The causes that the run shows or leaves possible, likeliest first."""
        return tuple(cause for cause in self.causes if cause.standing != "ruled_out")

    @property
    def ruled_out(self) -> tuple[Cause, ...]:
        """The causes that the run speaks against."""
        return tuple(cause for cause in self.causes if cause.standing == "ruled_out")


@dataclass(frozen=True)
class Explanation:
    """What a finding of a contract or design rule explains: the symptoms it would produce on its own.

    The scores say how well a finding of each severity explains its symptoms. They are judgement, ordered by how
    reliably the finding alone produces them.

    Attributes:
        symptoms: Ids of the rules that would fire.
        critical: Score of a critical finding, 0..1; warning: of a warning; info: of a remark.
        same_as: Ids of the hypotheses that mean the same. Other rules rank them among their causes.
        refutes: Those of `same_as` that are ruled out when the rule is evaluated and finds nothing; None for all.
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
        """The hypotheses that are ruled out when the rule is evaluated and finds nothing."""
        return self.same_as if self.refutes is None else self.refutes


@dataclass(frozen=True)
class Rule:
    """One failure mode. Everything about it lives in the file that defines it.

    Attributes:
        id: "GD" and three digits; stable.
        name: The failure mode's name, kebab-case; stable.
        title: One line for a heading.
        severity: Of a detection, unless its evidence overrides it.
        requires: Signals the rule cannot do without.
        detect: Pure function (run, limits) -> evidence; empty where nothing is wrong.
        limits: Frozen thresholds. The rule's file says where each comes from.
        treatments: Ids from the catalogue, best first.
        references: Further reading.
        page: The documentation page: the docstring of the rule's module.
        loss_families: Families the rule applies to; None for all, including an unknown one.
        after_warm_up: Whether to wait for `warm_up_end` (facts: `contract_warm_up_end`). Exact checks need not, nor do
            rules that see in the run itself how young the generator is (`reading.young`).
        causes: Pure function (run, found) -> hypotheses, called once the rule has fired; None where the finding is its
            own cause.
        explains: The symptoms the finding would produce, and the hypotheses that mean the same; None for no symptoms.
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

    def __repr__(self) -> str:
        return f"<Rule {self.id} {self.name} ({self.severity.value}): {self.title}>"

    @property
    def kind(self) -> Kind:
        """What it judges, by the folder of the file that defines `detect`; "other" for a plug-in."""
        package = self.detect.__module__.rpartition(".")[0]
        return next((kind for kind in KINDS if package == f"gandoctor.rules.{kind}"), "other")

    @property
    def is_fact(self) -> bool:
        """Whether its findings are facts about how the training is built, not symptoms."""
        return self.kind in FACTS

    def evaluate(self, run: Run) -> Finding:
        """Judge a run. What NOT_EVALUATED and ERRORED mean is decided here, once for all rules."""
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
                return Message("The loss family is unknown. Pass loss=.")
            if family not in self.loss_families:
                return Message("Does not apply to a {family} loss.", family=OBJECTIVES[family].title)
        for name in self.requires:
            if name not in run:
                return not_recorded(run, name)
        end = (contract_warm_up_end if self.is_fact else warm_up_end)(run)
        if self.after_warm_up and run.last_step < end:
            return Message(
                "Still in warm-up: this rule judges from step {end}, and the run is at step {step}.",
                end=end,
                step=run.last_step,
            )
        return None


def not_recorded(run: Run, signal: str) -> Message:
    """Return the sentence that a signal was not recorded, with the reason where the recording gave one."""
    if signal not in run.manifest.missing:
        return Message("{signal} was not recorded.", signal=signal)
    return Message("{signal} was not recorded: {why}.", signal=signal, why=why_missing(run, signal))


def unseen(run: Run, signal: str) -> NotEvaluated:
    """Return that a signal was not recorded, to be raised; it does not apply where the recording says so."""
    absence = run.manifest.missing.get(signal)
    applies = absence is None or Absence.read(absence).code is not Absent.NOT_APPLICABLE
    return NotEvaluated(not_recorded(run, signal), applies)


def why_missing(run: Run, name: str, otherwise: Message | None = None) -> Message:
    """Return why something is missing: the recording's own reason, a clause; `otherwise` where it gave none."""
    absence = run.manifest.missing.get(name)
    if absence is not None:
        return Absence.read(absence).message
    return Message("{signal} was not recorded", signal=name) if otherwise is None else otherwise


def limits_of(rule: Rule) -> Mapping[str, float]:
    """Return a rule's thresholds by name."""
    return {name: getattr(rule.limits, name) for name in rule.limits.__dataclass_fields__}
