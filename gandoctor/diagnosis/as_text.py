"""A diagnosis as text: the whole report, and the few lines that end a command.

A line is an indentation and its spans; a span is text and the name of its style, which a terminal colours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gandoctor.diagnosis.headlines import BEFORE_TRAINING, NAMES, headline_of, is_in_the_model
from gandoctor.message import Message, counted
from gandoctor.printable import printable
from gandoctor.rules import Finding, Severity, Status

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis
    from gandoctor.diagnosis.plan import Step

Span = tuple[str, str]
"""Text and the name of its style; "" for none."""
Line = tuple[int, tuple[Span, ...]]
"""Indentation in characters and what follows it."""

SHOWN_EDITS = 2
"""Edits of a step that the summary shows; layers that are changed alike are counted."""
SHOWN_OTHERS = 2
"""Further steps that the summary names."""
SENTENCE_MAX = 160
"""Characters of the evidence in the summary."""
GAP_MAX = 300
"""Characters of what could not be read, in the summary."""
ROWS, COLUMNS = 11, 80
"""What the summary may take of a terminal; one more row says where the report is."""


def text_of(diagnosis: Diagnosis) -> str:
    """Return the whole report as plain text."""
    return "\n".join(" " * indent + "".join(text for text, _ in spans) for indent, spans in report_lines(diagnosis))


def summary_lines(diagnosis: Diagnosis, more: str = "-v lists them") -> list[Line]:
    """Return the verdict, the first step and what else there is, in at most eleven rows of a terminal.

    Args:
        diagnosis: Of a run, a check, or several games; of games, the worst one is told.
        more: How the checks that are only counted are seen.
    """
    if diagnosis.games:
        _, worst = sorted(diagnosis.games.items(), key=lambda game: game[1].verdict != diagnosis.verdict)[0]
        named = "" if worst.root is None else f"  {worst.root.id}"
        verdict = _line(0, _verdict(diagnosis), (f"  {printable(diagnosis.sentence)}", "strong"), (named, "quiet"))
        return [verdict, *summary_lines(worst, more)[1:]]
    lines = list(_ranked(diagnosis, more))
    while sum(_rows(line) for _, line in lines) > ROWS:
        expendable = max(rank for rank, _ in lines)
        if not expendable:
            break
        lines.pop(max(i for i, (rank, _) in enumerate(lines) if rank == expendable))
    return [line for _, line in lines]


def _ranked(diagnosis: Diagnosis, more: str) -> Iterator[tuple[int, Line]]:
    """Yield the lines of the summary; those of the highest number are left out first, those of 0 never."""
    root = diagnosis.root
    when = "" if root is None else f"  {root.id}"
    if root is not None and is_in_the_model(root):
        when += f", {BEFORE_TRAINING}"
    yield 0, _line(0, _verdict(diagnosis), (f"  {printable(diagnosis.name)}", "strong"), (when, "quiet"))
    for gap in diagnosis.run.gaps[:1]:
        yield 0, _line(0, (printable(f"Not readable: {gap}", GAP_MAX), "warning"))
    for line in _fitted_briefly(diagnosis):
        yield 0, _line(0, (line, "quiet"))
    if root is not None:
        yield 0, _line(0, (printable(_ending(diagnosis)), "quiet"))
        said = _first_sentence(root.evidence[0].statement) if root.evidence else printable(root.rule.title)
        yield 1, _line(0, (said, ""))
    steps = diagnosis.plan
    for step in steps[:1]:
        yield from _first_step(step)
    for number, step in enumerate(steps[1 : 1 + SHOWN_OTHERS], start=2):
        yield 3, _line(0, (f"{number}. {printable(step.title)}", ""))
    yield 0, _line(0, (printable(_counts(diagnosis, more)), "quiet"))


def _first_step(step: Step) -> Iterator[tuple[int, Line]]:
    yield 0, _line(0, (f"1. {printable(step.title)}", "strong"))
    edits = [edit.line for edit in step.edits]
    for number, line in enumerate(edits[:SHOWN_EDITS]):
        yield 2 if number else 0, _line(3, (printable(line), ""))
    if len(edits) > SHOWN_EDITS:
        yield 2, _line(3, (f"and {len(edits) - SHOWN_EDITS} more likewise", "quiet"))
    if step.command is not None:
        yield 0, _line(3, ("try: ", "quiet"), (printable(step.command), ""))
    yield 0, _line(3, ("expect: ", "quiet"), (printable(step.expect), ""))


def _rows(line: Line) -> int:
    indent, spans = line
    return max(1, math.ceil(sum(len(text) for text, _ in spans) / (COLUMNS - indent)))


def _ending(diagnosis: Diagnosis) -> Message:
    """Return how the run ended, and what else was found: what follows from the cause, and what does not."""
    others = [group[0] for group in diagnosis.groups[1:]]
    after = [_brief_name(f) for f in diagnosis.groups[0][1] if f.severity is not Severity.INFO]
    beside = [_brief_name(f) for f in others if f.severity is not Severity.INFO]
    ending = diagnosis.ending
    if after:
        ending = Message("{ending}. It explains: {findings}", ending=ending, findings=tuple(after))
    if beside:
        ending = Message("{ending}. Also: {findings}", ending=ending, findings=tuple(beside))
    return Message("{said}.", said=ending)


def _brief_name(finding: Finding) -> Message:
    name = NAMES.get(finding.rule.id, finding.rule.title)
    return Message("{name} ({id})", name=name, id=finding.rule.id)


def _counts(diagnosis: Diagnosis, more: str) -> Message:
    every = diagnosis.checks
    passed = sum(f.status is Status.NOT_DETECTED for f in every)
    open_ = sum(f.status in (Status.NOT_EVALUATED, Status.ERRORED) for f in every)
    remarks = sum(f.severity is Severity.INFO for f in diagnosis.detected)
    if diagnosis.detected:
        said = counted(
            "{n} other check passed, {open} not checked",
            "{n} other checks passed, {open} not checked",
            passed,
            open=open_,
        )
    else:
        said = counted(
            "{n} check passed, {open} not checked", "{n} checks passed, {open} not checked", passed, open=open_
        )
    if remarks:
        said = counted("{said}, {n} remark", "{said}, {n} remarks", remarks, said=said)
    return Message("{said} ({more})", said=said, more=more) if more else said


def _first_sentence(statement: Message) -> str:
    said = printable(statement)
    first, dot, _ = said.partition(". ")
    said = first + dot.strip()
    return said if len(said) <= SENTENCE_MAX else f"{said[: SENTENCE_MAX - 3].rsplit(' ', 1)[0]}..."


def report_lines(diagnosis: Diagnosis) -> Iterator[Line]:
    """Yield the verdict, the plan, what was found with its evidence and causes, and what was checked; game by game."""
    from gandoctor.diagnosis.games import worst_first

    yield _line(0, _verdict(diagnosis), (f"  {printable(diagnosis.sentence)}", "strong"))
    yield from (_line(0, (printable(f"Not readable: {gap}"), "warning")) for gap in diagnosis.run.gaps)
    yield from (_line(0, (line, "quiet")) for line in _fitted_briefly(diagnosis))
    for name, game in worst_first(diagnosis.games):
        yield _line(0)
        yield _line(0, (printable(f"Game {name}"), "strong"))
        yield from ((indent + 2 if spans else 0, spans) for indent, spans in report_lines(game))
    if diagnosis.games:
        return
    yield from _plan(diagnosis.plan)
    yield from _causes(diagnosis)
    for finding, consequences in diagnosis.groups:
        yield _line(0)
        yield from _finding(finding, diagnosis)
        for consequence in consequences:
            yield _line(0)
            yield _line(2, (f"Follows from {finding.rule.id}", "quiet"))
            yield from ((indent + 2, spans) for indent, spans in _finding(consequence, diagnosis))
    for title, status in (
        ("Check failed", Status.ERRORED),
        ("Checked, not found", Status.NOT_DETECTED),
        ("Not checked", Status.NOT_EVALUATED),
    ):
        chosen = [f for f in diagnosis.checks if f.status is status]
        if chosen:
            yield _line(0)
            yield _line(0, (title, "strong"))
            yield from (_brief(finding) for finding in chosen)


def _plan(steps: Iterable[Step]) -> Iterator[Line]:
    """Yield the plan of action, step by step."""
    for number, step in enumerate(steps, start=1):
        if number == 1:
            yield _line(0)
            yield _line(0, ("What to do", "strong"))
        evidence = f"  (evidence: {step.evidence})" if step.evidence else ""
        yield _line(2, (f"{number}. {printable(step.title)}", "strong"), (evidence, "quiet"))
        yield _line(5, (f"because: {printable(step.why)}  ({step.standing})", "quiet"))
        for line in step.diff or step.code.splitlines():
            yield _line(5, (printable(line), ""))
        if step.command is not None:
            yield _line(5, ("try: ", "quiet"), (printable(step.command), ""))
        yield _line(5, ("expect: ", "quiet"), (printable(step.expect), ""))


def _causes(diagnosis: Diagnosis) -> Iterator[Line]:
    if diagnosis.likely_causes:
        yield _line(0)
        yield _line(0, ("Most likely causes", "strong"))
    for i, cause in enumerate(diagnosis.likely_causes, start=1):
        explains = f"  explains {', '.join(cause.explains)}" if cause.explains else ""
        heading = f"{i}. {f'{cause.id} ' if cause.is_fact else ''}{cause.title}"
        yield _line(2, (printable(heading), ""), (printable(explains), "quiet"))
        yield _line(5, (printable(cause.test), "quiet"))


def _finding(finding: Finding, diagnosis: Diagnosis) -> Iterator[Line]:
    severity = finding.severity.value
    title = printable(f"{finding.rule.id} {headline_of(finding, diagnosis.run)}")
    when = str(BEFORE_TRAINING) if is_in_the_model(finding) else _steps(finding)
    yield _line(0, (f"{severity}  ", severity), (title, "strong"), (f"  {when}" if when else "", "quiet"))
    yield _line(2, (printable(finding.rule.title), "quiet"))
    yield from (_line(2, (printable(evidence.statement), "")) for evidence in finding.evidence)
    for standing, heading in (("confirmed", "Confirmed causes"), ("possible", "Possible causes, most likely first")):
        chosen = [cause for cause in finding.causes if cause.standing == standing]
        if chosen:
            yield _line(2, (heading, "quiet"))
        yield from (_line(4, (printable(f"{cause.title}: {cause.test}"), "")) for cause in chosen)
    if finding.ruled_out:
        titles = "; ".join(str(cause.title) for cause in finding.ruled_out)
        yield _line(2, (printable(f"Ruled out by this run: {titles}"), "quiet"))
    if finding.treatments:
        yield _line(2, ("What to change, best first", "quiet"))
    for treatment in finding.treatments:
        settings = " ".join(f"--set {key}={value}" for key, value in treatment.patch.items())
        known = f"evidence: {treatment.evidence}{f'; {settings}' if settings else ''}"
        yield _line(4, (printable(f"{treatment.title}  ({known})"), ""))
    yield _line(2, (f"More: gandoctor rules {finding.rule.id}", "quiet"))


def _steps(finding: Finding) -> str:
    return "" if finding.last_step is None else f"to step {finding.last_step}"


def _brief(finding: Finding) -> Line:
    reason = printable(f": {finding.reason}") if finding.reason else ""
    return _line(2, (printable(f"{finding.rule.id} {finding.rule.title}"), ""), (reason, "quiet"))


def _fitted_briefly(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what a check has done with the fits that came before the GAN's."""
    for event in diagnosis.run.events:
        if event.kind == "fitted_briefly":
            extra = event.model_extra or {}
            names = ", ".join(dict.fromkeys(event.names("models")))
            said = f"No GAN, so fitted for at most {extra.get('batches')} batches and not saved: {names}."
            yield printable(said)


def _verdict(diagnosis: Diagnosis) -> Span:
    return diagnosis.verdict.upper(), diagnosis.verdict


def _line(indent: int, *spans: Span) -> Line:
    return indent, tuple(span for span in spans if span[0])
