"""The plan of action: at most five steps in order, each with the change in the run's own values.

Every view shows the same plan: it is `Diagnosis.plan`. Confirmed causes come before possible ones, facts before what is
inferred from symptoms. What another confirmed cause explains gets no step of its own, and nothing is changed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from gandoctor.diagnosis.commands import command_for, options_for
from gandoctor.diagnosis.expectations import expectation
from gandoctor.diagnosis.explanations import MECHANISMS, SEEN_BY
from gandoctor.diagnosis.headlines import headline_of, is_in_the_model
from gandoctor.diagnosis.run_causes import SUPPORT, RunCause
from gandoctor.diagnosis.visibility import steps_to_see
from gandoctor.message import Message
from gandoctor.rules import Finding, Severity, Standing, Status
from gandoctor.treatments import TREATMENTS, Treatment
from gandoctor.treatments.changes import Case, tailored
from gandoctor.treatments.changes.spelling import framework_of
from gandoctor.treatments.edit import Edit
from gandoctor.treatments.treatment import Framework, Strength

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis
    from gandoctor.store import Run

MOST_STEPS = 5
LIKELY = 0.3
"""Score from which a cause is shown beside the verdict, and one that is not a fact gets a step."""


@dataclass(frozen=True)
class Step:
    """One step of the plan.

    Attributes:
        treatment: Id of the treatment; "see-samples" and the like where something is to be made visible.
        title: What to do, in one imperative line with the run's own values.
        why: The cause it answers; of an inconclusive run, what was not seen.
        standing: Whether that cause is confirmed by the run or possible.
        findings: Ids of the detected rules it answers, the one that is the cause or the symptom it follows from first.
        edits: The change, edit by edit; empty where it can only be described, see `code`.
        code: Code to copy, in the run's framework, where there are no edits; "" where there is none either.
        evidence: How well published work or measurements support it; None where something is made visible.
        command: What tries it, to be typed in a shell; None where the run does not know how it was started.
        expect: What should be seen then, and by which step.
        patch: Settings that make the change where the target takes such settings; empty elsewhere.
    """

    treatment: str
    title: Message
    why: Message
    standing: Standing
    findings: tuple[str, ...]
    edits: tuple[Edit, ...]
    code: str
    evidence: Strength | None
    command: str | None
    expect: Message
    patch: Mapping[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> str:
        """The change as text: one line for each edit ("... learning_rate=1e-7 -> 4e-4)"), else the code."""
        return "\n".join(edit.line for edit in self.edits) or self.code

    @property
    def diff(self) -> tuple[str, ...]:
        """The change as the lines of a diff, each beginning with "- " or "+ "; empty where it is only described."""
        return tuple(line for edit in self.edits for line in edit.diff)

    def to_plain(self) -> dict[str, Any]:
        """Return the step as JSON has it."""
        return {
            "treatment": self.treatment,
            "title": str(self.title),
            "change": self.change,
            "diff": list(self.diff),
            "because": str(self.why),
            "standing": self.standing,
            "findings": list(self.findings),
            "evidence": self.evidence,
            "command": self.command,
            "expect": str(self.expect),
        }


@dataclass(frozen=True)
class _Problem:
    """Something to answer: a cause with what it explains, or a finding for which no cause is likely.

    Attributes:
        why: What it is.
        standing: Whether the run confirms it.
        answers: The findings it stands behind, its own first.
        causes: Ids of its hypotheses.
        treatments: What may answer it, best first.
        is_fact: Whether a contract or design rule found it.
        is_left: Whether no cause of it is likely.
    """

    why: Message
    standing: Standing
    answers: tuple[Finding, ...]
    causes: frozenset[str]
    treatments: tuple[Treatment, ...]
    is_fact: bool = False
    is_left: bool = False


def plan_of(diagnosis: Diagnosis) -> tuple[Step, ...]:
    """Return what to do about a run, first things first; nothing for a healthy one."""
    if diagnosis.headline is None:
        return steps_to_see(diagnosis, Step) if diagnosis.verdict == "inconclusive" else ()
    ruled_out = _ruled_out(diagnosis.causes)
    steps: list[Step] = []
    for problem in _problems(diagnosis, ruled_out):
        answered = {i for step in steps for i in step.findings}
        if not problem.is_fact and {f.rule.id for f in problem.answers} <= answered:
            continue
        if problem.is_left and steps:
            break
        for step in _steps(diagnosis, problem, steps):
            steps = _with(steps, step)
    return tuple(steps[:MOST_STEPS]) or _as_the_rule_has_it(diagnosis, ruled_out)


def _as_the_rule_has_it(diagnosis: Diagnosis, ruled_out: frozenset[str]) -> tuple[Step, ...]:
    """Return one step of the catalogue's own words, where nothing that fits the run's values is left."""
    first = diagnosis.detected[0]
    treatments = _allowed(
        (TREATMENTS[i].of(framework_of(diagnosis.run)) for i in first.rule.treatments if i in TREATMENTS), ruled_out
    )
    return tuple(
        Step(
            treatment=treatment.id,
            title=treatment.title,
            why=headline_of(first, diagnosis.run),
            standing="possible",
            findings=(first.rule.id,),
            edits=(),
            code=treatment.code_for(framework_of(diagnosis.run)) or "",
            evidence=treatment.evidence,
            command=None,
            expect=expectation(diagnosis.run, (first,), diagnosis.is_check),
        )
        for treatment in treatments[:1]
    )


def _ruled_out(causes: Iterable[RunCause]) -> frozenset[str]:
    """Return the hypotheses that the run speaks against."""
    causes = tuple(causes)
    standing = {slug for cause in causes if cause.standing != "ruled_out" for slug in (cause.id, *cause.hypotheses)}
    return frozenset({cause.id for cause in causes if cause.standing == "ruled_out"} - standing)


def _problems(diagnosis: Diagnosis, ruled_out: frozenset[str]) -> Iterator[_Problem]:
    """Yield what is to be answered: facts that explain something, what else is confirmed, the possible, the rest."""
    found = {finding.rule.id: finding for finding in diagnosis.detected}
    scores = {cause.id: cause.score for cause in diagnosis.causes}
    facts = [c for c in diagnosis.causes if c.is_fact and c.id in found and _counts(c, found)]
    inferred = [
        c
        for c in diagnosis.causes
        if not c.is_fact
        and c.score >= LIKELY
        and SEEN_BY.get(c.id) not in found  # that is the finding itself, said again
        and not any(scores.get(reason, 0.0) >= SUPPORT for reason in MECHANISMS.get(c.id, ()))
    ]
    confirmed = [c for c in inferred if c.standing == "confirmed"]
    possible = [c for c in inferred if c.standing == "possible"]
    roots = [c for c in facts if c.id not in diagnosis.follows]
    at_work = [c for c in roots if _explains(c, found) or found[c.id].severity is diagnosis.worst]
    for cause in at_work:
        yield _of_fact(diagnosis, cause, found, ruled_out)
    for cause in confirmed:
        yield _of_hypothesis(diagnosis, cause, found, ruled_out)
    for cause in roots:
        if cause not in at_work:
            yield _of_fact(diagnosis, cause, found, ruled_out)
    for cause in possible:
        yield _of_hypothesis(diagnosis, cause, found, ruled_out)
    for finding in diagnosis.detected:
        if finding.severity is not Severity.INFO and finding.rule.id not in diagnosis.follows:
            treatments = _allowed(finding.treatments, ruled_out)
            why = headline_of(finding, diagnosis.run)
            yield _Problem(why, "possible", (finding,), frozenset(), treatments, is_left=True)


def _counts(fact: RunCause, found: dict[str, Finding]) -> bool:
    """Tell whether a fact is more than a remark: by itself, or by what it explains."""
    return found[fact.id].severity is not Severity.INFO or (fact.score >= LIKELY and _explains(fact, found))


def _explains(fact: RunCause, found: dict[str, Finding]) -> bool:
    """Tell whether a fact would set off something that was found above a remark."""
    return any(found[i].severity is not Severity.INFO for i in fact.explains if i in found)


def _of_fact(diagnosis: Diagnosis, cause: RunCause, found: dict[str, Finding], ruled_out: frozenset[str]) -> _Problem:
    itself = found[cause.id]
    after = [f for i, f in found.items() if i in cause.explains or diagnosis.follows.get(i) == cause.id]
    answers = (itself, *(f for f in after if f is not itself))
    own = frozenset((*cause.hypotheses, *(c.id for c in itself.open_causes)))
    treatments = _allowed(itself.treatments, ruled_out)
    return _Problem(headline_of(itself, diagnosis.run), "confirmed", answers, own, treatments, is_fact=True)


def _of_hypothesis(
    diagnosis: Diagnosis, cause: RunCause, found: dict[str, Finding], ruled_out: frozenset[str]
) -> _Problem:
    named = sorted((found[i] for i in cause.explains if i in found), key=diagnosis.detected.index)
    prescribed = [t for finding in (*named, *diagnosis.detected) for t in finding.treatments]
    curing = {t.id: t for t in (*prescribed, *TREATMENTS.values()) if cause.id in t.cures}
    severe = tuple(finding for finding in named if finding.severity is not Severity.INFO)
    own = frozenset((cause.id,))
    return _Problem(cause.title, cause.standing, severe, own, _allowed(curing.values(), ruled_out))


def _allowed(treatments: Iterable[Treatment], ruled_out: frozenset[str]) -> tuple[Treatment, ...]:
    """Leave out what would cure nothing but causes that the run speaks against."""
    return tuple(t for t in treatments if not t.cures or not {*t.cures} <= ruled_out)


def _steps(diagnosis: Diagnosis, problem: _Problem, before: Sequence[Step]) -> Iterator[Step]:
    """Yield the first treatment of a problem that fits the run and the steps before, if any.

    Where that one is a change of a script's code, the first that cures the same cause and that a command makes in the
    script as it is follows: it can be tried at once.
    """
    fitting = _fitting(diagnosis, problem, before)
    if not fitting:
        return
    yield _step(diagnosis, problem, fitting[0])
    run = diagnosis.run
    if isinstance(run.manifest.config.get("settings"), Mapping) or diagnosis.is_check or _is_made(run, fitting[0]):
        return
    other = (treatment for treatment in fitting[1:] if problem.causes.intersection(treatment.cures))
    made = next((treatment for treatment in other if _is_made(run, treatment)), None)
    if made is not None:
        yield _step(diagnosis, problem, made)


def _is_made(run: Run, treatment: Treatment) -> bool:
    """Tell whether a command makes a treatment's change in the run's own target."""
    return bool(treatment.patch) and bool(options_for(run, treatment.patch))


def _fitting(diagnosis: Diagnosis, problem: _Problem, before: Sequence[Step]) -> list[Treatment]:
    """Return the treatments of a problem that fit the run and the steps before, best first."""
    case = case_of(diagnosis, problem.answers, problem.causes)
    fitting = [tailored(TREATMENTS.get(treatment.id, treatment), case) for treatment in problem.treatments]
    fitting.sort(key=lambda t: not (t and any(edit.is_at_fault for edit in t.edits)))
    return [fitted for fitted in fitting if fitted is not None and not _contradicts(fitted.edits, before)]


def _step(diagnosis: Diagnosis, problem: _Problem, fitted: Treatment) -> Step:
    run = diagnosis.run
    before_training = bool(problem.answers) and is_in_the_model(problem.answers[0])
    return Step(
        treatment=fitted.id,
        title=fitted.title,
        why=problem.why,
        standing=problem.standing,
        findings=tuple(dict.fromkeys(f.rule.id for f in problem.answers)),
        edits=fitted.edits,
        code="" if fitted.edits else fitted.code_for(framework_of(run)) or "",
        evidence=fitted.evidence,
        command=command_for(run, fitted.id, fitted.patch, before_training),
        expect=expectation(run, problem.answers, diagnosis.is_check),
        patch=fitted.patch,
    )


def case_of(diagnosis: Diagnosis, findings: Sequence[Finding], causes: Iterable[str]) -> Case:
    """Return what treatments of some findings have to know of a run."""
    layers = dict.fromkeys(layer for f in findings for e in f.evidence for layer in e.layers)
    return Case(diagnosis.run, frozenset(causes), tuple(layers), findings[0].first_step if findings else None)


def _contradicts(edits: Iterable[Edit], steps: Iterable[Step]) -> bool:
    """Tell whether edits change what an earlier step changes, and to another value."""
    earlier = {edit.key: edit for step in steps for edit in step.edits}
    return any(edit.key in earlier and earlier[edit.key].after != edit.after for edit in edits)


def _with(steps: list[Step], step: Step) -> list[Step]:
    """Return the steps with one more; one that makes the same change as an earlier one is taken into that."""
    for i, earlier in enumerate(steps):
        same = {e.key for e in step.edits} <= {e.key for e in earlier.edits} if step.edits else False
        if same or earlier.treatment == step.treatment:
            findings = tuple(dict.fromkeys((*earlier.findings, *step.findings)))
            return [*steps[:i], replace(earlier, findings=findings), *steps[i + 1 :]]
    return [*steps, step]


def with_own_values(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Return the findings with their treatments in the run's own values, those of the plan first and in its order.

    What the run shows to be moot is left out.
    """
    order = {step.treatment: i for i, step in enumerate(diagnosis.plan)}

    def fitted(finding: Finding) -> Finding:
        planned = [
            TREATMENTS[step.treatment]
            for step in diagnosis.plan
            if finding.rule.id in step.findings and step.treatment in TREATMENTS
        ]
        known = {t.id: t for t in (*planned, *finding.treatments)}
        case = case_of(diagnosis, (finding,), (cause.id for cause in finding.open_causes))
        own = {id_: _as_planned(diagnosis, treatment) or tailored(treatment, case) for id_, treatment in known.items()}
        left = [treatment for treatment in own.values() if treatment is not None]
        left.sort(key=lambda t: order.get(t.id, len(order)))
        return replace(finding, treatments=tuple(_without_repeats(left)))

    return tuple(fitted(f) if f.status is Status.DETECTED else f for f in diagnosis.checks)


def _as_planned(diagnosis: Diagnosis, treatment: Treatment) -> Treatment | None:
    """Return a treatment of the plan with the change that is made there; None where the plan does not have it."""
    step = next((step for step in diagnosis.plan if step.treatment == treatment.id), None)
    if step is None or not step.edits or step.evidence is None:
        return None
    snippets: dict[Framework | Literal["numpy"], str] = {framework_of(diagnosis.run): "\n".join(step.diff)}
    return replace(
        TREATMENTS.get(treatment.id, treatment),
        title=step.title,
        evidence=step.evidence,
        edits=step.edits,
        framework=framework_of(diagnosis.run),
        snippets=snippets,
        patch=dict(step.patch),
    )


def _without_repeats(treatments: Iterable[Treatment]) -> Iterator[Treatment]:
    """Leave out what makes the same change as one before, or sets the same thing to another value."""
    changed: set[str] = set()
    for treatment in treatments:
        keys = {edit.key for edit in treatment.edits}
        if not keys & changed:
            yield treatment
        changed |= keys
