"""One ranked list of what may have caused all findings of a run.

Contract and design findings are facts. A fact ranks as a cause by how well it would produce the symptoms seen.
Hypotheses of the symptoms are merged by id. One that a fact proves becomes part of that fact; one that a rule refutes
sinks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gandoctor.diagnosis.explanations import MECHANISMS
from gandoctor.message import Message
from gandoctor.rules import Cause, Finding, Rule, Severity, Standing, Status

STANDINGS: tuple[Standing, ...] = ("confirmed", "possible", "ruled_out")
"""The strongest first: what one finding's own look shows, another's does not take back."""
MOST = 0.95
"""The highest score of a hypothesis: a fact that explains as much comes first."""
LATE_STEPS = 100
"""A fact this much later than a symptom may still be its cause: both are first seen at a probe, and a symptom's first
step is that of a window."""
UNEXPLAINED = {Severity.CRITICAL: 0.5, Severity.WARNING: 0.2, Severity.INFO: 0.05}
"""Score of a fact that would produce none of the symptoms seen, by its severity."""
ALONE = {Severity.CRITICAL: 0.95, Severity.WARNING: 0.5, Severity.INFO: 0.05}
"""Score of a fact where no symptom was seen (yet)."""
LIKELY = 0.7
"""Score from which a fact accounts for its symptoms: that of a warning made for them."""
SUPPORT = 0.5
"""Score from which a symptom speaks for a hypothesis; every further one closes a fifth of the way to 1."""
REMARK = 0.5
"""What weighs a symptom that is only a remark, such as one that has passed."""
AGAINST = 0.1
"""Score below which a rule's own causes speak against a hypothesis."""
REFUTED = 0.15
"""What is left of the score of a hypothesis that a rule refutes."""
EXPLAINED_AWAY = 0.4
"""What is left of the score of a mere possibility where a likely fact accounts for all that it would."""
CONSEQUENCE = 0.9
"""Share of the score of what produced it that a fact or a mechanism keeps at most."""


@dataclass(frozen=True)
class RunCause:
    """A possible cause of a run's symptoms.

    Attributes:
        id: The rule's id for a fact ("GD002"), else the hypothesis's slug.
        title: What it is.
        score: 0..1, for ranking only; it is not a probability.
        test: What decides, and what this run shows of it; of a fact, the observation.
        standing: Whether it is a fact of this run, may be, or is not.
        explains: Ids of the detected rules that it would set off, in order.
        hypotheses: Slugs of the hypotheses it stands for, its own among them.
    """

    id: str
    title: Message
    score: float
    test: Message
    standing: Standing = "confirmed"
    explains: tuple[str, ...] = ()
    hypotheses: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_fact(self) -> bool:
        """Whether a rule detected it."""
        return self.id not in self.hypotheses


def rank_run_causes(findings: Iterable[Finding]) -> tuple[RunCause, ...]:
    """Return what may have caused a run's findings, most likely first; nothing where only remarks were detected."""
    findings = tuple(findings)
    detected = [f for f in findings if f.status is Status.DETECTED]
    if not any(f.severity is not Severity.INFO for f in detected):
        return ()
    facts = {f.rule.id: _cause_of(f, detected) for f in detected if f.rule.is_fact}
    clean = [f.rule for f in findings if f.status is Status.NOT_DETECTED]
    apart = []
    for hypothesis in _merge_hypotheses(detected):
        proved_by = _find_proof(hypothesis.id, detected)
        if proved_by is None:
            apart.append(_lower_if_refuted(hypothesis, clean))
        else:
            facts[proved_by] = _take_in(facts[proved_by], hypothesis)
    known = _rank_consequences(facts)
    ranked = _rank_mechanisms([*known, *(_explained_away(hypothesis, known) for hypothesis in apart)])
    return tuple(sorted(ranked, key=lambda cause: (-cause.score, not cause.is_fact, cause.id)))


def scores_of(causes: Iterable[RunCause]) -> dict[str, float]:
    """Return the score of every hypothesis, on its own or as part of a fact."""
    return {slug: cause.score for cause in causes for slug in cause.hypotheses}


def follows(causes: Iterable[RunCause], detected: Iterable[Finding]) -> dict[str, str]:
    """Return detected rule -> the fact that it follows from, where a likely fact explains it.

    Chains are followed to their beginning. A remark is no cause of anything, and nothing follows from what ranks below.
    """
    found = {f.rule.id: f for f in detected}
    facts = [c for c in causes if c.is_fact and c.id in found and found[c.id].severity is not Severity.INFO]
    rank = {cause.id: i for i, cause in enumerate(facts)}
    behind: dict[str, str] = {}
    for rule in found:
        above = [
            c for c in facts if rule in c.explains and c.score >= SUPPORT and rank[c.id] < rank.get(rule, len(facts))
        ]
        if above:
            behind[rule] = above[0].id
    return {rule: _root(rule, behind) for rule in behind}


def _root(rule: str, behind: Mapping[str, str]) -> str:
    while rule in behind:
        rule = behind[rule]
    return rule


def _cause_of(finding: Finding, detected: Sequence[Finding]) -> RunCause:
    """Return a contract or design finding as a cause of the others."""
    known = finding.rule.explains
    symptoms = [f for f in detected if not f.rule.is_fact and f.severity is not Severity.INFO]
    explained = [
        f.rule.id
        for f in detected
        if known is not None
        and f.rule.id in known.symptoms
        and not _came_later(finding, f)
        and not _names_other_layers(finding, f)
    ]
    if known is not None and explained:
        remarks = all(f.severity is Severity.INFO for f in detected if f.rule.id in explained)
        score = known.score(finding.severity) * (REMARK if remarks else 1.0)
    else:
        score = (UNEXPLAINED if symptoms else ALONE)[finding.severity]
    statement = finding.evidence[0].statement if finding.evidence else finding.rule.title
    return RunCause(finding.rule.id, finding.rule.title, score, statement, explains=tuple(explained))


def _came_later(fact: Finding, symptom: Finding) -> bool:
    """Tell whether a fact began too late to have caused a symptom."""
    if fact.first_step is None or symptom.first_step is None:
        return False
    return fact.first_step > symptom.first_step + LATE_STEPS


def _names_other_layers(fact: Finding, symptom: Finding) -> bool:
    """Tell whether both findings name layers, and none in common."""
    layers = [{layer for evidence in f.evidence for layer in evidence.layers} for f in (fact, symptom)]
    return all(layers) and not layers[0] & layers[1]


def _merge_hypotheses(detected: Sequence[Finding]) -> list[RunCause]:
    """Return the hypotheses of all findings, those with one id merged."""
    told: dict[str, list[tuple[float, Finding, Cause]]] = {}
    for finding in detected:
        weight = REMARK if finding.severity is Severity.INFO else 1.0
        for cause in finding.causes:
            told.setdefault(cause.id, []).append((weight * cause.score, finding, cause))
    merged = []
    for slug, sayings in told.items():
        best, _, cause = max(sayings, key=lambda saying: saying[0])
        support = sum(score >= SUPPORT for score, *_ in sayings)
        score = min(MOST, 1.0 - (1.0 - best) * 0.8 ** max(0, support - 1))
        explains = tuple(finding.rule.id for _, finding, _ in sayings)
        standings = {said.standing for *_, said in sayings}
        standing: Standing = next((s for s in STANDINGS if s in standings), "possible")
        merged.append(RunCause(slug, cause.title, score, cause.test, standing, explains, (slug,)))
    return merged


def _find_proof(slug: str, detected: Sequence[Finding]) -> str | None:
    """Return the detected rule that says the same as a hypothesis; None where there is none.

    A design rule whose own causes speak against the hypothesis found something else of its kind, such as the other
    player's learning rate.
    """
    for finding in detected:
        known = finding.rule.explains
        if known is None or not finding.rule.is_fact or slug not in known.same_as:
            continue
        own = [cause.score for cause in finding.causes if cause.id == slug]
        if finding.rule.kind == "contracts" or not own or own[0] >= AGAINST:
            return finding.rule.id
    return None


def _lower_if_refuted(hypothesis: RunCause, clean: Iterable[Rule]) -> RunCause:
    """Return a hypothesis with a lower score where a rule that would have detected it did not."""
    against = _refuted_by(hypothesis.id, clean)
    if against is None:
        return hypothesis
    told = _not_found(hypothesis.test, against)
    return replace(hypothesis, score=REFUTED * hypothesis.score, test=told, standing="ruled_out")


def _explained_away(hypothesis: RunCause, facts: Sequence[RunCause]) -> RunCause:
    """Return a hypothesis with a lower score where a likely fact accounts for all its symptoms: one reason will do."""
    enough = (f for f in facts if f.score >= LIKELY and {*hypothesis.explains} <= {f.id, *f.explains})
    if hypothesis.standing != "possible" or next(enough, None) is None:
        return hypothesis
    return replace(hypothesis, score=EXPLAINED_AWAY * hypothesis.score)


def _refuted_by(slug: str, clean: Iterable[Rule]) -> str | None:
    """Return the rule that would have detected a hypothesis and did not; None where there is none."""
    return min((r.id for r in clean if r.explains is not None and slug in r.explains.refuted), default=None)


def _not_found(test: Message, rule: str) -> Message:
    return Message("{test} {rule} looks for just this and did not find it.", test=test, rule=rule)


def with_standings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings whose hypotheses stand as the other findings leave them: proved by a fact, or refuted."""
    findings = tuple(findings)
    detected = [f for f in findings if f.status is Status.DETECTED]
    clean = [f.rule for f in findings if f.status is Status.NOT_DETECTED]

    def standing(cause: Cause) -> Cause:
        if _find_proof(cause.id, detected) is not None:
            return replace(cause, standing="confirmed")
        against = _refuted_by(cause.id, clean)
        if against is None:
            return cause
        return replace(cause, standing="ruled_out", test=_not_found(cause.test, against))

    def settled(finding: Finding) -> Finding:
        if finding.rule.is_fact or not finding.causes:  # what led to a fact, its own causes know best
            return finding
        return replace(finding, causes=tuple(standing(cause) for cause in finding.causes))

    return tuple(settled(finding) for finding in findings)


def _take_in(fact: RunCause, hypothesis: RunCause) -> RunCause:
    """Return a fact that stands for a hypothesis too."""
    explains = tuple(sorted({*fact.explains, *hypothesis.explains} - {fact.id}))
    score = max(fact.score, hypothesis.score)
    return replace(fact, score=score, explains=explains, hypotheses=(*fact.hypotheses, hypothesis.id))


def _rank_consequences(facts: dict[str, RunCause]) -> list[RunCause]:
    """Return the facts with each one below a likely fact that produced it, which explains as much."""
    raised = {
        fact.id: max([fact.score, *(facts[i].score for i in fact.explains if i in facts and fact.score >= SUPPORT)])
        for fact in facts.values()
    }
    ranked = []
    for fact in facts.values():
        behind = [raised[f.id] for f in facts.values() if fact.id in f.explains and f.score >= SUPPORT]
        score = min(fact.score, CONSEQUENCE * max(behind)) if behind else raised[fact.id]
        ranked.append(replace(fact, score=score))
    return ranked


def _rank_mechanisms(causes: Sequence[RunCause]) -> list[RunCause]:
    """Return the causes with each mechanism below a likely reason for it."""
    scores = {cause.id: cause.score for cause in causes}
    ranked = []
    for cause in causes:
        reasons = [scores[i] for i in MECHANISMS.get(cause.id, ()) if scores.get(i, 0.0) >= SUPPORT]
        ranked.append(replace(cause, score=min(cause.score, CONSEQUENCE * max(reasons))) if reasons else cause)
    return ranked
