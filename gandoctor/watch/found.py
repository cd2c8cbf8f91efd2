"""What was found, for the top of a watched run: each finding whole, with what to try and what it explains."""

from __future__ import annotations

from rich.text import Text

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.as_text import SEVERITIES, TRY, lead
from gandoctor.diagnosis.headlines import BEFORE_TRAINING, NAMES, headline_of, is_in_the_model
from gandoctor.message import Message, counted
from gandoctor.rules import Finding, Severity, Status
from gandoctor.watch.canvas import STYLES, Canvas
from gandoctor.watch.lines import suggestion
from gandoctor.watch.snapshot import Snapshot

_INDENT = 9
"""Under which what is said of a finding is wrapped."""


def draw_found(snapshot: Snapshot, canvas: Canvas, room: int) -> list[Text]:
    """Return what was found, the worst first and always whole; what there is no room for is counted.

    Args:
        snapshot: What is shown.
        canvas: What the terminal can show.
        room: Lines to keep to. Only the first finding may take more.
    """
    diagnosis = snapshot.diagnosis
    warm_up: list[Text] = []
    if snapshot.in_warm_up:
        said = Message(
            "In warm-up until step {step}: a young generator's symptoms are not judged yet.", step=snapshot.warm_up_end
        )
        warm_up = canvas.wrap(canvas.said(said), STYLES["quiet"])
    if diagnosis is None:
        return warm_up
    if diagnosis.headline is None and not warm_up:
        so_far = Message("Nothing was found up to step {step}.", step=diagnosis.run.last_step)
        if snapshot.state == "running" and not diagnosis.run.last_step:
            return []
        is_open = snapshot.state == "running" and diagnosis.unsettled is None
        return canvas.wrap(canvas.said(so_far if is_open else diagnosis.sentence))
    blocks = [_block(finding, after, diagnosis, canvas) for finding, after in diagnosis.groups]
    lines = blocks[0] if blocks else []
    shown = len(blocks[:1])
    for block in blocks[1:]:
        more = 1 if shown + 1 < len(blocks) else 0
        if len(lines) + len(block) + more > room:
            break
        lines = [*lines, *block]
        shown += 1
    if shown < len(blocks):
        left = counted("and {n} more (d shows all)", "and {n} more (d shows all)", len(blocks) - shown)
        lines = [*lines, *canvas.wrap(canvas.said(left), STYLES["quiet"], _INDENT)]
    return [*lines, *warm_up] if len(lines) + len(warm_up) <= room or not lines else lines


def _block(finding: Finding, after: tuple[Finding, ...], diagnosis: Diagnosis, canvas: Canvas) -> list[Text]:
    severity = max((finding, *after), key=lambda f: f.severity.rank).severity
    game = f"{finding.game}  " if finding.game is not None else ""
    of_game = diagnosis.games.get(finding.game or "", diagnosis)
    when = f"  ({canvas.said(BEFORE_TRAINING)})" if is_in_the_model(finding) else ""
    named = f"{game}{finding.rule.id} {canvas.said(headline_of(finding, of_game.run))}{when}"
    lines = canvas.wrap(named, STYLES["strong"], _INDENT)
    word = Text(canvas.said(SEVERITIES[severity]), STYLES[severity.value])
    word.truncate(_INDENT - 1, pad=True)
    lines[0] = Text.assemble(word, " ", lines[0][_INDENT:])
    advice = suggestion(finding, diagnosis, canvas.say)
    if advice and severity is not Severity.INFO:
        lines += canvas.wrap(f"{lead(TRY, canvas.say)}{advice}", "", _INDENT)
    if after:
        names = tuple(Message("{name} ({id})", name=NAMES.get(f.rule.id, f.rule.title), id=f.rule.id) for f in after)
        explained = canvas.said(Message("explains: {findings}", findings=names))
        lines += canvas.wrap(explained, STYLES["quiet"], _INDENT)
    return lines


def draw_counts(snapshot: Snapshot, canvas: Canvas) -> Text:
    """Return how many checks have passed, and how many have not been made."""
    if snapshot.diagnosis is None:
        return Text(canvas.said(Message("Nothing has been judged yet.")), STYLES["quiet"])
    checks = snapshot.diagnosis.checks
    passed = sum(f.status is Status.NOT_DETECTED for f in checks)
    open_ = sum(f.status in (Status.NOT_EVALUATED, Status.ERRORED) for f in checks)
    said = counted("{n} check passed, {open} not checked", "{n} checks passed, {open} not checked", passed, open=open_)
    return Text(canvas.said(said), STYLES["quiet"])
