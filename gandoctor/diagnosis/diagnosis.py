"""Diagnosis: run every rule on a run, order the findings, rank their causes, name a verdict."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

from gandoctor.diagnosis.explanations import SEEN_BY, SEQUELS
from gandoctor.diagnosis.headlines import BEFORE_TRAINING, headline_of, is_in_the_model
from gandoctor.diagnosis.plan import LIKELY, Step, plan_of, with_own_values
from gandoctor.diagnosis.reference import Reference, reference_of
from gandoctor.diagnosis.run_causes import RunCause, follows, rank_run_causes, scores_of, with_standings
from gandoctor.diagnosis.scope import Unseen, not_looked_at, said, unlike_data, unsettled
from gandoctor.message import Message, counted, sentences
from gandoctor.rules import Finding, Rule, Severity, Status, all_rules
from gandoctor.store import Run, load_run
from gandoctor.treatments import TREATMENTS, Treatment, prescribe
from gandoctor.treatments.treatment import Framework

SHOWN_CAUSES = 3
Verdict = Literal["healthy", "attention", "failing", "inconclusive"]

STATUS_ORDER = (Status.DETECTED, Status.ERRORED, Status.NOT_DETECTED, Status.NOT_EVALUATED)
"""Outcomes in the order of `Diagnosis.checks`."""


@dataclass(frozen=True)
class Diagnosis:
    """What the rules say of one run.

    Attributes:
        run: The run that was judged.
        checks: The outcome of every rule: detected ones first and most severe first, then the rest by id.
        is_check: A check before training: contract and design rules only, on a run whose directory is gone.
        games: Name -> diagnosis of each game, where several pairs of players were trained; see `GamesDiagnosis`.
    """

    run: Run
    checks: tuple[Finding, ...]
    is_check: bool = False
    games: Mapping[str, Diagnosis] = field(default_factory=dict)

    @cached_property
    def detected(self) -> tuple[Finding, ...]:
        """The findings that are failures, most severe first.

        The first one is the one to name: of the most severe, the likeliest cause itself, else one that it explains.
        """
        found = [f for f in self.checks if f.status is Status.DETECTED]
        worst = [f for f in found if f.severity is found[0].severity]
        named = worst[:1]
        if self.likely_causes:
            top = self.likely_causes[0]
            itself = [f for f in worst if f.rule.id in (top.id, SEEN_BY.get(top.id))]
            named = [*itself, *(f for f in worst if f.rule.id in top.explains), *named]
        return tuple(sorted(found, key=lambda f: f is not named[0]))

    @property
    def headline(self) -> Finding | None:
        """The finding to name first; None where nothing above a remark was detected."""
        first = next(iter(self.detected), None)
        return None if first is None or first.severity is Severity.INFO else first

    @property
    def worst(self) -> Severity | None:
        """Highest severity detected; None when nothing was."""
        return max((f.severity for f in self.detected), key=lambda s: s.rank, default=None)

    @property
    def verdict(self) -> Verdict:
        """Failing with a critical finding, attention with a warning, else healthy or inconclusive.

        Healthy is a claim: samples, the players' movement and their balance were judged and found sound. Inconclusive
        is what is left: something of these was not looked at, part of the recording is lost, a symptom goes on that
        may still pass, or the samples are still unlike the data. A check before training claims nothing but what it
        says.
        """
        if self.worst is Severity.CRITICAL:
            return "failing"
        if self.worst is Severity.WARNING:
            return "attention"
        if self.is_check:
            return _verdict_of_check(self.checks)
        is_open = self.run.last_step == 0 or self.run.lost or self.not_looked_at or self.unsettled is not None
        return "inconclusive" if is_open or self.unlike_data is not None else "healthy"

    @cached_property
    def not_looked_at(self) -> tuple[Unseen, ...]:
        """What a healthy verdict would vouch for, and no rule has judged; empty for a check before training."""
        return () if self.is_check else not_looked_at(self.run, self.checks)

    @cached_property
    def unsettled(self) -> Finding | None:
        """A symptom that goes on and is a remark only because it may still pass; None where there is none."""
        return unsettled(self.run, self.checks)

    @cached_property
    def unlike_data(self) -> Message | None:
        """A sentence where the last samples are far from all real data; None where they are not, or it is unknown."""
        return None if self.is_check else unlike_data(self.run)

    @cached_property
    def causes(self) -> tuple[RunCause, ...]:
        """Possible causes of all findings, most likely first; empty where nothing above a remark was detected."""
        return rank_run_causes(self.checks)

    @property
    def likely_causes(self) -> tuple[RunCause, ...]:
        """The causes worth showing first."""
        shown = [cause for cause in self.causes if cause.standing != "ruled_out" and cause.score >= LIKELY]
        return tuple(shown[:SHOWN_CAUSES])

    @cached_property
    def change_first(self) -> Treatment | None:
        """The treatment of the plan's first step; None where nothing above a remark was detected."""
        if self.headline is None or not self.plan:
            return None
        first = self.plan[0].treatment
        prescribed = [t for finding in self.detected for t in finding.treatments if t.id == first]
        return prescribed[0] if prescribed else TREATMENTS.get(first)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found: the same as `detected`."""
        return self.detected

    @property
    def ending(self) -> Message:
        """How the run ended, as the beginning of a sentence: "The run completed 600 steps"."""
        return _how_it_ended(self)

    @cached_property
    def plan(self) -> tuple[Step, ...]:
        """What to do, first things first: at most five steps. Empty for a healthy run."""
        return plan_of(self)

    @cached_property
    def name(self) -> Message:
        """The headline: the failure by the name people search for, and this run's fact; without a full stop.

        "Mode collapse since step 106: 37 of 64 samples are the same image". Of a run without a failure, the verdict.
        """
        first = self.headline
        if first is None:
            return self.sentence
        return headline_of(self.root or first, self.run, is_dated=not self.is_check)

    @property
    def root(self) -> Finding | None:
        """The finding that names the failure: the headline, or the fact that the plan answers first.

        Such a fact has to explain the headline or be as severe. That the samples became worse is not named where what
        was wrong with them before is confirmed. None where nothing above a remark was detected.
        """
        first = self.headline
        if first is None or not self.plan or not self.plan[0].findings:
            return first
        answered = next((f for f in self.detected if f.rule.id == self.plan[0].findings[0]), first)
        explains = first.rule.id in self.plan[0].findings or answered.severity.rank >= first.severity.rank
        is_older = answered.first_step is not None and answered.first_step <= (first.first_step or 0)
        if first.rule.id in SEQUELS and self.plan[0].standing == "confirmed" and is_older:
            return answered
        return answered if answered.rule.is_fact and explains else first

    @cached_property
    def follows(self) -> Mapping[str, str]:
        """Detected rule -> the detected fact that it follows from; only those that follow from one."""
        return follows(self.causes, self.detected)

    @cached_property
    def groups(self) -> tuple[tuple[Finding, tuple[Finding, ...]], ...]:
        """The detected findings, each with what follows from it; first the one that names the failure."""
        roots = [f for f in self.detected if f.rule.id not in self.follows]
        groups = [
            (root, tuple(f for f in self.detected if self.follows.get(f.rule.id) == root.rule.id)) for root in roots
        ]
        order = [f.rule.id for f in self.detected]

        def place(group: tuple[Finding, tuple[Finding, ...]]) -> tuple[bool, int]:
            return group[0] is not self.root, min(order.index(f.rule.id) for f in (group[0], *group[1]))

        return tuple(sorted(groups, key=place))

    @cached_property
    def sentence(self) -> Message:
        """The verdict as one sentence."""
        return _sentence(self)

    @cached_property
    def reference(self) -> Reference:
        """How the run's own real data score, for views that compare with it."""
        return reference_of(self.run)

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as plain data; numbers that are not finite become strings ("nan", "inf")."""
        from gandoctor.diagnosis.as_json import plain

        return plain(self)

    def to_json(self) -> str:
        """Return the diagnosis as JSON, schema "gandoctor.diagnosis/1"."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)

    def __repr__(self) -> str:
        passed = sum(f.status is Status.NOT_DETECTED for f in self.checks)
        count = f"{len(self.findings)} found, {passed} of {len(self.checks)} checks passed"
        return f"<Diagnosis of {self.run.path}: {self.verdict}, {count}: {self.name}>"

    def __str__(self) -> str:
        """Return the report as plain text."""
        from gandoctor.diagnosis.as_text import text_of

        return text_of(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a few lines of HTML, escaped, without scripts, legible on light and dark."""
        from gandoctor.diagnosis.as_html import html_of

        return html_of(self)


def diagnose(
    run: Run | str | os.PathLike[str], rules: Iterable[Rule] | None = None, *, is_check: bool = False
) -> Diagnosis:
    """Judge a run; of several games each.

    Args:
        run: An open run or the path of its directory.
        rules: Judge with these only. Defaults to every rule.
        is_check: See `Diagnosis`.

    Raises:
        GandoctorError: The path is not a usable run directory.
    """
    opened = run if isinstance(run, Run) else load_run(run)
    rules = all_rules() if rules is None else tuple(rules)
    if opened.games:
        from gandoctor.diagnosis.games import diagnosis_of_games

        games = {name: diagnose(game, rules, is_check=is_check) for name, game in opened.games.items()}
        return diagnosis_of_games(opened, games, is_check)
    present = opened.of_present_data()
    judged = [rule.evaluate(present) for rule in rules]
    scores = scores_of(rank_run_causes(judged))
    findings = sorted(
        (_with_treatments(finding, opened, scores) for finding in with_standings(judged)),
        key=lambda f: (
            STATUS_ORDER.index(f.status),
            -f.severity.rank if f.status is Status.DETECTED else 0,
            f.rule.id,
        ),
    )
    diagnosis = Diagnosis(opened, tuple(findings), is_check)
    return replace(diagnosis, checks=with_own_values(diagnosis))


def _with_treatments(finding: Finding, run: Run, scores: Mapping[str, float]) -> Finding:
    """Return a detected finding with its treatments, the cure of its likeliest cause first."""
    if finding.status is not Status.DETECTED:
        return finding
    settings = run.manifest.config.get("settings")
    is_fact = finding.rule.is_fact  # what led to a fact, its own causes know best
    causes = {cause.id: cause.score if is_fact else scores.get(cause.id, cause.score) for cause in finding.causes}
    if not causes and finding.rule.explains is not None:  # it is the cause
        causes = {slug: scores[slug] for slug in finding.rule.explains.same_as if slug in scores}
    known = settings if isinstance(settings, dict) else None
    itself = finding.rule.explains.same_as if finding.rule.explains is not None else ()
    denied = {cause.id for cause in finding.ruled_out} - {*itself}
    versions = run.manifest.versions
    framework: Framework = "torch" if "torch" in versions and "keras" not in versions else "keras"
    return replace(finding, treatments=prescribe(finding.rule.treatments, causes, known, denied, framework))


def _sentence(diagnosis: Diagnosis) -> Message:
    first, more = diagnosis.headline, len(diagnosis.detected) - 1
    ending = _how_it_ended(diagnosis)
    if first is None:
        return _without_failure(diagnosis, ending)
    name, root = diagnosis.name, diagnosis.root
    if not diagnosis.is_check and root is not None and is_in_the_model(root):
        name = Message("{name} ({when})", name=name, when=BEFORE_TRAINING)
    if not more:
        return Message("{ending}: {name}.", ending=ending, name=name)
    return counted(
        "{ending}: {name}, and {n} more finding.",
        "{ending}: {name}, and {n} more findings.",
        more,
        ending=ending,
        name=name,
    )


def _verdict_of_check(findings: Sequence[Finding]) -> Verdict:
    not_judged = [f for f in findings if f.status in (Status.NOT_EVALUATED, Status.ERRORED)]
    return "inconclusive" if 2 * len(not_judged) >= len(findings) else "healthy"


def _without_failure(diagnosis: Diagnosis, ending: Message) -> Message:
    """Return the verdict of a run in which nothing above a remark was detected."""
    if not diagnosis.is_check and (lost := diagnosis.run.lost):
        return Message(
            "{ending}: part of the recording is lost, so it cannot be called healthy. {loss}",
            ending=ending,
            loss=lost[0],
        )
    if diagnosis.not_looked_at:
        open_ = Message("{ending}: too little could be checked to call it healthy.", ending=ending)
        return sentences(open_, said(diagnosis.run, diagnosis.not_looked_at))
    if diagnosis.unsettled is not None:
        return Message(
            "{ending}: too early to call it healthy. This goes on since step {step} and may still pass: {title}.",
            ending=ending,
            step=diagnosis.unsettled.first_step or 0,
            title=diagnosis.unsettled.rule.title,
        )
    if diagnosis.unlike_data is not None:
        return sentences(Message("{ending}: too early to call it healthy.", ending=ending), diagnosis.unlike_data)
    if diagnosis.verdict == "inconclusive":
        return Message("{ending}: too little could be checked to call it healthy.", ending=ending)
    if diagnosis.is_check:
        return Message("{ending}: no failure mode was detected.", ending=ending)
    return Message(
        "{ending}: no failure mode was detected. Samples, the players' movement and their balance were judged.",
        ending=ending,
    )


def _how_it_ended(diagnosis: Diagnosis) -> Message:
    steps = diagnosis.run.last_step
    if diagnosis.is_check:
        if not steps:
            return Message("Checked the model card")
        return counted(
            "Checked the model card and a dry run of {n} step",
            "Checked the model card and a dry run of {n} steps",
            steps,
        )
    match diagnosis.run.state:
        case "completed":
            return counted("The run completed {n} step", "The run completed {n} steps", steps)
        case "running":
            return Message("The run is at step {step}", step=steps)
        case "interrupted":
            return Message("The run was interrupted at step {step}", step=steps)
        case "crashed":
            return Message("The run crashed at step {step}", step=steps)
