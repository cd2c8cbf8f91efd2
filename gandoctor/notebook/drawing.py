"""A snapshot of a run as a notebook shows it: a little HTML without scripts, and plain text beside it."""

from __future__ import annotations

import base64
import html
import io

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.reference import Columns
from gandoctor.printable import printable
from gandoctor.rules import Finding
from gandoctor.store.writer import contact_sheet
from gandoctor.watch.columns import draw_columns
from gandoctor.watch.lines import finding_line, in_order, progress_lines
from gandoctor.watch.snapshot import Preview, Snapshot

SHOWN_FINDINGS = 4
SHOWN_IMAGES = 16
COLUMNS_WIDTH, COLUMNS_LINES = 64, 12
SHEET_SIDE = 384
"""Longest side of the sheet in pixels: the page is kept in the notebook's file."""

_TONES = {"healthy": "#009e73", "attention": "#e69f00", "failing": "#d55e00", "inconclusive": "#8a929e"}


def draw(snapshot: Snapshot) -> dict[str, str]:
    """Return the snapshot by MIME type: "text/html" and "text/plain"."""
    diagnosis = snapshot.diagnosis
    found = in_order(diagnosis) if diagnosis is not None else []
    sentence = "" if diagnosis is None else str(diagnosis.sentence)
    more = f"and {len(found) - SHOWN_FINDINGS} more" if len(found) > SHOWN_FINDINGS else ""
    head = f"{'/'.join(snapshot.run_dir.parts[-2:])}: {snapshot.state}"
    progress = "\n".join(progress_lines(snapshot))
    told = [finding_line(f, diagnosis) for f in found[:SHOWN_FINDINGS]] if diagnosis is not None else []
    lines = [head, progress, sentence, *told, more]
    sheets = "".join(f"<div>{_escaped(name)}</div>{_sheet(game.preview)}" for name, game in snapshot.games.items())
    tone = _TONES[diagnosis.verdict if diagnosis is not None else "inconclusive"]
    page = (
        f'<div style="border-left:4px solid {tone};padding:2px 0 2px 14px;max-width:72em">'
        f"<div><b>{_escaped(head)}</b></div>"
        f'<div style="font-family:monospace;white-space:pre-wrap">{_escaped(progress)}</div>'
        f"<div>{_escaped(sentence)}</div>"
        f"<ul>{''.join(map(_finding, told, found))}</ul>{more}{_step(diagnosis)}{_sheet(snapshot.preview)}"
        f"{_columns(snapshot.columns)}{sheets}</div>"
    )
    return {"text/html": page, "text/plain": "\n".join(printable(line) for line in lines if line)}


def _finding(line: str, finding: Finding) -> str:
    """Return what was found, why, and what to try first."""
    why = f"<br>{_escaped(finding.evidence[0].statement)}" if finding.evidence else ""
    return f"<li><b>{_escaped(line)}</b>{why}</li>"


def _step(diagnosis: Diagnosis | None) -> str:
    """Return the change of the plan's first step."""
    if diagnosis is None or not diagnosis.plan:
        return ""
    step = diagnosis.plan[0]
    diff = "\n".join(_escaped(line) for line in step.diff)
    return f'<div>{_escaped(step.title)}<pre style="white-space:pre-wrap;margin:2px 0">{diff}</pre></div>'


def _sheet(preview: Preview | None) -> str:
    """Return the newest generated images as one picture within the page."""
    if preview is None:
        return ""
    sheet = contact_sheet(preview.images[:SHOWN_IMAGES], None)
    sheet.thumbnail((SHEET_SIDE, SHEET_SIDE))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    # Small images are enlarged by the browser, which costs no bytes.
    zoom = max(1, SHEET_SIDE // sheet.width)
    return (
        f'<div><img alt="Generated images, step {preview.step}" width="{sheet.width * zoom}" '
        f'style="image-rendering:pixelated" src="data:image/png;base64,{data}"><br>step {preview.step}</div>'
    )


def _columns(columns: Columns | None) -> str:
    """Return the newest samples that are no images in characters, beside the real data."""
    if columns is None:
        return ""
    drawn = draw_columns(columns, COLUMNS_WIDTH, COLUMNS_LINES, ascii_only=False).plain
    return f'<pre aria-label="Samples and real data, step {columns.step}">{html.escape(drawn)}</pre>'


def _escaped(text: object) -> str:
    """Text that adds no markup and holds nothing invisible that could reorder it."""
    return html.escape(printable(text, 2_000))
