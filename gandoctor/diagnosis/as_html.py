"""A diagnosis as a notebook shows it: a few lines of HTML, escaped, without scripts, legible on light and dark."""

from __future__ import annotations

import html
import shlex
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gandoctor.diagnosis.headlines import when_of
from gandoctor.printable import printable
from gandoctor.rules import Finding, Status

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis

TEXT_MAX = 2_000
SHOWN_EVIDENCE = 3
_TONES = {"healthy": "#009e73", "attention": "#e69f00", "failing": "#d55e00", "inconclusive": "#8a929e"}


def html_of(diagnosis: Diagnosis) -> str:
    """Return the verdict, the likeliest causes, and each detected finding with its first change; game by game."""
    games = "".join(f"<p><b>{_escaped(name)}</b></p>{html_of(game)}" for name, game in diagnosis.games.items())
    if games:
        return f"<div><p>{_escaped(diagnosis.sentence)}</p>{games}</div>"
    found = "".join(_finding(finding, diagnosis.is_check) for finding in diagnosis.detected)
    detected, clear = (sum(f.status is s for f in diagnosis.checks) for s in (Status.DETECTED, Status.NOT_DETECTED))
    open_ = len(diagnosis.checks) - detected - clear
    page = f"The whole page: <code>gandoctor report {_escaped(shlex.quote(str(diagnosis.run.path)))}</code>"
    return (
        f'<div style="border-left:4px solid {_TONES[diagnosis.verdict]};padding:2px 0 2px 14px;max-width:72em">'
        f'<p style="margin:4px 0"><b style="font-size:1.3em">{diagnosis.verdict.capitalize()}</b></p>'
        f'<p style="margin:4px 0 8px">{_escaped(diagnosis.sentence)}</p>{_plan(diagnosis)}{_likely(diagnosis)}{found}'
        f'<p style="margin:8px 0 4px;opacity:.75">{detected} detected, {clear} not detected, {open_} not checked. '
        f"{'' if diagnosis.is_check else page}</p></div>"
    )


def _plan(diagnosis: Diagnosis) -> str:
    """Return the plan of action: of each step the change, what tries it, and what should be seen."""
    steps = "".join(
        f"<li><b>{_escaped(step.title)}</b> ({_escaped(step.why)})"
        f'<pre style="white-space:pre-wrap;margin:2px 0">{_escaped_lines(step.diff or step.code.splitlines())}</pre>'
        f"{f'<code>{_escaped(step.command)}</code><br>' if step.command else ''}{_escaped(step.expect)}</li>"
        for step in diagnosis.plan
    )
    return f'<p style="margin:4px 0"><b>What to do</b></p><ol style="margin:2px 0">{steps}</ol>' if steps else ""


def _escaped_lines(lines: Iterable[str]) -> str:
    return "\n".join(_escaped(line) for line in lines)


def _likely(diagnosis: Diagnosis) -> str:
    if not diagnosis.likely_causes:
        return ""
    listed = "".join(
        f"<li>{_escaped(c.title)}{f' ({_escaped(c.id)})' if c.is_fact else ''}: {_escaped(c.test)}</li>"
        for c in diagnosis.likely_causes
    )
    return f'<p style="margin:4px 0"><b>Most likely causes</b></p><ol style="margin:2px 0">{listed}</ol>'


def _finding(finding: Finding, is_check: bool) -> str:
    """Return a detected finding: title, since when, why, and the first change with its code."""
    since = "" if is_check else f" ({when_of(finding)})"
    why = "".join(f"<li>{_escaped(e.statement)}</li>" for e in finding.evidence[:SHOWN_EVIDENCE])
    cure = ""
    if finding.treatments:
        first = finding.treatments[0]
        code = f'<pre style="white-space:pre-wrap">{_escaped(first.code)}</pre>' if first.code else ""
        cure = (
            f"<details><summary>Change first: {_escaped(first.title)} ({first.evidence} evidence)</summary>"
            f"<p>{_escaped(first.explanation)}</p>{code}</details>"
        )
    return (
        f'<div style="margin:6px 0"><b>{finding.severity.value} · {_escaped(finding.rule.id)} '
        f"{_escaped(finding.rule.title)}</b>{since}"
        f'<ul style="margin:2px 0">{why}</ul>{cure}</div>'
    )


def _escaped(text: object) -> str:
    """Text that adds no markup and holds nothing invisible that could reorder it."""
    return html.escape(printable(text, TEXT_MAX))
