"""A diagnosis as text: the whole report, and the few lines that end a command.

A line is an indentation and its spans; a span is text and the name of its style, which a terminal colours. Everything
is said in one language, that of `say`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gandoctor.diagnosis.commands import options_for
from gandoctor.diagnosis.headlines import BEFORE_TRAINING, NAMES, headline_of, is_in_the_model
from gandoctor.message import Message, Say, counted
from gandoctor.printable import printable
from gandoctor.rules import Finding, Severity, Status
from gandoctor.wrapping import cells

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis
    from gandoctor.diagnosis.plan import Step

VERDICTS = {
    "healthy": Message("healthy"),
    "attention": Message("attention"),
    "failing": Message("failing"),
    "inconclusive": Message("inconclusive"),
}
SEVERITIES = {
    Severity.CRITICAL: Message("critical"),
    Severity.WARNING: Message("warning"),
    Severity.INFO: Message("info"),
}
STRENGTHS = {"strong": Message("strong"), "moderate": Message("moderate"), "weak": Message("weak")}
"""How good the evidence for a treatment is."""
STANDINGS = {
    "confirmed": Message("confirmed"),
    "possible": Message("possible"),
    "ruled_out": Message("ruled out"),
}
"""Where a run leaves a cause."""

Span = tuple[str, str]
"""Text and the name of its style; "" for none."""
Line = tuple[int, tuple[Span, ...]]
"""Indentation in characters and what follows it."""

SHOWN_EDITS = 2
"""Edits of a step that the summary shows; layers that are changed alike are counted."""
SHOWN_OTHERS = 2
"""Further steps that the summary names."""
_SENTENCE_END = re.compile(r"\.(?= )|。")
SENTENCE_MAX = 160
"""Characters of the evidence in the summary."""
TRY, EXPECT = Message("try:"), Message("expect:")
GAP_MAX = 300
"""Characters of what could not be read, in the summary."""
ROWS, COLUMNS = 11, 80
"""What the summary may take of a terminal; one more row says where the report is."""


def text_of(diagnosis: Diagnosis) -> str:
    """Return the whole report as plain text."""
    return "\n".join(" " * indent + "".join(text for text, _ in spans) for indent, spans in report_lines(diagnosis))


def summary_lines(diagnosis: Diagnosis, more: str = "-v", say: Say = str) -> list[Line]:
    """Return the verdict, the first step and what else there is, in at most eleven rows of a terminal.

    Args:
        diagnosis: Of a run, a check, or several games; of games, the worst one is told.
        more: The option that lists the checks which are only counted; "" for none.
        say: The language.
    """
    if diagnosis.games:
        _, worst = sorted(diagnosis.games.items(), key=lambda game: game[1].verdict != diagnosis.verdict)[0]
        named = "" if worst.root is None else f"  {worst.root.id}"
        said = _said(diagnosis.sentence, say)
        verdict = _line(0, _verdict(diagnosis, say), (f"  {said}", "strong"), (named, "quiet"))
        return [verdict, *summary_lines(worst, more, say)[1:]]
    lines = list(_ranked(diagnosis, more, say))
    while sum(_rows(line) for _, line in lines) > ROWS:
        expendable = max(rank for rank, _ in lines)
        if not expendable:
            break
        lines.pop(max(i for i, (rank, _) in enumerate(lines) if rank == expendable))
    return [line for _, line in lines]


def _ranked(diagnosis: Diagnosis, more: str, say: Say) -> Iterator[tuple[int, Line]]:
    """Yield the lines of the summary; those of the highest number are left out first, those of 0 never."""
    root = diagnosis.root
    when = "" if root is None else f"  {root.id}"
    if root is not None and is_in_the_model(root):
        when += f", {say(BEFORE_TRAINING)}"
    yield 0, _line(0, _verdict(diagnosis, say), (f"  {_said(diagnosis.name, say)}", "strong"), (when, "quiet"))
    for gap in diagnosis.run.gaps[:1]:
        yield 0, _line(0, (_said(Message("Not readable: {gap}", gap=gap), say, GAP_MAX), "warning"))
    for line in _fitted_briefly(diagnosis, say):
        yield 0, _line(0, (line, "quiet"))
    if root is not None:
        yield 0, _line(0, (_said(_ending(diagnosis), say), "quiet"))
    yield from ((0, line) for line in _crash(diagnosis, say))
    if root is not None:
        said = root.evidence[0].statement if root.evidence else root.rule.title
        yield 1, _line(0, (_first_sentence(_said(said, say)), ""))
    steps = diagnosis.plan
    for step in steps[:1]:
        yield from _first_step(step, say)
    for number, step in enumerate(steps[1 : 1 + SHOWN_OTHERS], start=2):
        yield 3, _line(0, (f"{number}. {_said(step.title, say)}", ""))
    yield 0, _line(0, (_said(_counts(diagnosis, more), say), "quiet"))


def _first_step(step: Step, say: Say) -> Iterator[tuple[int, Line]]:
    yield 0, _line(0, (f"1. {_said(step.title, say)}", "strong"))
    edits = [edit.line for edit in step.edits]
    for number, line in enumerate(edits[:SHOWN_EDITS]):
        yield 2 if number else 0, _line(3, (printable(line), ""))
    if len(edits) > SHOWN_EDITS:
        likewise = Message("and {n} more likewise", n=len(edits) - SHOWN_EDITS)
        yield 2, _line(3, (_said(likewise, say), "quiet"))
    yield from ((0, outlook) for outlook in _outlook(step, say, 3))


def _outlook(step: Step, say: Say, indent: int) -> Iterator[Line]:
    """Yield the command that tries a step, and what should be seen then."""
    if step.command is not None:
        yield _line(indent, (lead(TRY, say), "quiet"), (printable(step.command), ""))
    yield _line(indent, (lead(EXPECT, say), "quiet"), (_said(step.expect, say), ""))


def lead(label: Message, say: Say) -> str:
    """Return a label and the space before what it announces; after a Chinese colon there is none."""
    said = _said(label, say)
    return said if said.endswith("：") else f"{said} "


def _rows(line: Line) -> int:
    indent, spans = line
    return max(1, math.ceil(sum(cells(text) for text, _ in spans) / (COLUMNS - indent)))


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
    return Message("{said} ({option} lists them)", said=said, option=more) if more else said


def _first_sentence(said: str) -> str:
    end = _SENTENCE_END.search(said)
    said = said[: end.start() + 1] if end is not None else said
    return said if len(said) <= SENTENCE_MAX else f"{said[: SENTENCE_MAX - 3].rsplit(' ', 1)[0]}..."


def report_lines(diagnosis: Diagnosis, say: Say = str) -> Iterator[Line]:
    """Yield the verdict, the plan, what was found with its evidence and causes, and what was checked; game by game."""
    yield from finding_lines(diagnosis, say)
    if not diagnosis.games:
        yield from check_lines(diagnosis, say)


def finding_lines(diagnosis: Diagnosis, say: Say = str) -> Iterator[Line]:
    """Yield the verdict, the plan and what was found; of several games the whole report of each."""
    from gandoctor.diagnosis.games import worst_first

    yield _line(0, _verdict(diagnosis, say), (f"  {_said(diagnosis.sentence, say)}", "strong"))
    for gap in diagnosis.run.gaps:
        yield _line(0, (_said(Message("Not readable: {gap}", gap=gap), say), "warning"))
    yield from (_line(0, (line, "quiet")) for line in _fitted_briefly(diagnosis, say))
    yield from _crash(diagnosis, say)
    for name, game in worst_first(diagnosis.games):
        yield _line(0)
        yield _line(0, (_said(Message("Game {name}", name=name), say), "strong"))
        yield from ((indent + 2 if spans else 0, spans) for indent, spans in report_lines(game, say))
    if diagnosis.games:
        return
    yield from _plan(diagnosis.plan, say)
    yield from _causes(diagnosis, say)
    for finding, consequences in diagnosis.groups:
        yield _line(0)
        yield from _finding(finding, diagnosis, say)
        for consequence in consequences:
            yield _line(0)
            yield _line(2, (_said(Message("Follows from {id}", id=finding.rule.id), say), "quiet"))
            yield from ((indent + 2, spans) for indent, spans in _finding(consequence, diagnosis, say))


def check_lines(diagnosis: Diagnosis, say: Say = str) -> Iterator[Line]:
    """Yield every check in which nothing was found, by its outcome."""
    for title, status in (
        (Message("Check failed"), Status.ERRORED),
        (Message("Checked, not found"), Status.NOT_DETECTED),
        (Message("Not checked"), Status.NOT_EVALUATED),
    ):
        chosen = [f for f in diagnosis.checks if f.status is status]
        if chosen:
            yield _line(0)
            yield _line(0, (_said(title, say), "strong"))
            yield from (_brief(finding, say) for finding in chosen)


def _plan(steps: Iterable[Step], say: Say) -> Iterator[Line]:
    """Yield the plan of action, step by step."""
    for number, step in enumerate(steps, start=1):
        if number == 1:
            yield _line(0)
            yield _line(0, (_said(Message("What to do"), say), "strong"))
        evidence = f"  ({_said(evidence_of(step.evidence), say)})" if step.evidence else ""
        yield _line(2, (f"{number}. {_said(step.title, say)}", "strong"), (evidence, "quiet"))
        because = Message("because: {why}", why=step.why)
        standing = STANDINGS.get(step.standing, Message.of(step.standing))
        yield _line(5, (f"{_said(because, say)}  ({_said(standing, say)})", "quiet"))
        for line in step.diff or step.code.splitlines():
            yield _line(5, (printable(line), ""))
        yield from _outlook(step, say, 5)


def evidence_of(strength: str) -> Message:
    """Return how good the evidence for a treatment is."""
    return Message("evidence: {strength}", strength=STRENGTHS.get(strength, strength))


def _causes(diagnosis: Diagnosis, say: Say) -> Iterator[Line]:
    if diagnosis.likely_causes:
        yield _line(0)
        yield _line(0, (_said(Message("Most likely causes"), say), "strong"))
    for i, cause in enumerate(diagnosis.likely_causes, start=1):
        explains = _said(Message("explains {ids}", ids=", ".join(cause.explains)), say) if cause.explains else ""
        heading = f"{i}. {f'{cause.id} ' if cause.is_fact else ''}{_said(cause.title, say)}"
        yield _line(2, (heading, ""), (f"  {explains}" if explains else "", "quiet"))
        yield _line(5, (_said(cause.test, say), "quiet"))


def _finding(finding: Finding, diagnosis: Diagnosis, say: Say) -> Iterator[Line]:
    severity = _said(SEVERITIES[finding.severity], say)
    title = f"{finding.rule.id} {_said(headline_of(finding, diagnosis.run), say)}"
    when = _said(BEFORE_TRAINING if is_in_the_model(finding) else _steps(finding), say)
    yield _line(0, (f"{severity}  ", finding.severity.value), (title, "strong"), (f"  {when}" if when else "", "quiet"))
    yield _line(2, (_said(finding.rule.title, say), "quiet"))
    yield from (_line(2, (_said(evidence.statement, say), "")) for evidence in finding.evidence)
    for standing, heading in (
        ("confirmed", Message("Confirmed causes")),
        ("possible", Message("Possible causes, most likely first")),
    ):
        chosen = [cause for cause in finding.causes if cause.standing == standing]
        if chosen:
            yield _line(2, (_said(heading, say), "quiet"))
        for cause in chosen:
            yield _line(4, (_said(Message("{cause}: {test}", cause=cause.title, test=cause.test), say), ""))
    if finding.ruled_out:
        titles = "; ".join(_said(cause.title, say) for cause in finding.ruled_out)
        ruled_out = Message("Ruled out by this run: {titles}", titles=titles)
        yield _line(2, (_said(ruled_out, say), "quiet"))
    if finding.treatments:
        yield _line(2, (_said(Message("What to change, best first"), say), "quiet"))
    for treatment in finding.treatments:
        settings = options_for(diagnosis.run, treatment.patch)
        known = f"{_said(evidence_of(treatment.evidence), say)}{f'; {settings}' if settings else ''}"
        yield _line(4, (f"{_said(treatment.title, say)}  ({known})", ""))
    yield _line(2, (_said(Message("More: {command}", command=f"gandoctor rules {finding.rule.id}"), say), "quiet"))


def _steps(finding: Finding) -> Message | str:
    return "" if finding.last_step is None else Message("to step {step}", step=finding.last_step)


def _brief(finding: Finding, say: Say) -> Line:
    reason = f": {_said(finding.reason, say)}" if finding.reason else ""
    return _line(2, (f"{finding.rule.id} {_said(finding.rule.title, say)}", ""), (reason, "quiet"))


def _fitted_briefly(diagnosis: Diagnosis, say: Say) -> Iterator[str]:
    """Yield what a check has done with the fits that came before the GAN's."""
    for event in diagnosis.run.events:
        if event.kind == "fitted_briefly":
            extra = event.model_extra or {}
            names = ", ".join(dict.fromkeys(event.names("models")))
            said = Message(
                "No GAN, so fitted for at most {n} batches and not saved: {names}.",
                n=str(extra.get("batches")),
                names=names,
            )
            yield _said(said, say)


def _crash(diagnosis: Diagnosis, say: Say) -> Iterator[Line]:
    """Yield the error that ended the run."""
    last = next((event for event in reversed(diagnosis.run.events) if event.kind == "ended"), None)
    error = (last.model_extra or {}).get("error") if last is not None else None
    if diagnosis.run.state == "crashed" and error is not None:
        first = (str(error).strip().splitlines() or [""])[0]
        yield _line(0, (_said(Message("It crashed with {error}", error=printable(first, GAP_MAX)), say), "warning"))


def _verdict(diagnosis: Diagnosis, say: Say) -> Span:
    return _said(VERDICTS[diagnosis.verdict], say).upper(), diagnosis.verdict


def _said(message: Message | str, say: Say, limit: int | None = None) -> str:
    return printable(say(message), limit)


def _line(indent: int, *spans: Span) -> Line:
    return indent, tuple(span for span in spans if span[0])
