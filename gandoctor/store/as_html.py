"""A run as a notebook shows it: a few facts and the newest samples, escaped, without scripts."""

from __future__ import annotations

import base64
import html
import shlex
from typing import TYPE_CHECKING

from gandoctor.printable import printable

if TYPE_CHECKING:
    from gandoctor.store.run import Run

SHEET_MAX_BYTES = 2 * 2**20
"""Largest contact sheet that is put into a notebook."""


def html_of(run: Run) -> str:
    """Return the run's facts as a table, and its newest contact sheet where there is one."""
    manifest = run.manifest
    planned = f" of {manifest.planned_steps}" if manifest.planned_steps else ""
    rows = {
        "state": f"{run.state}, step {run.last_step}{planned}",
        "target": manifest.target,
        "loss": manifest.loss_family,
        "seed": manifest.seed,
        "games": ", ".join(run.games),
        "signals": f"{len(run.names)}: {', '.join(run.names[:8])}{', ...' if len(run.names) > 8 else ''}",
        "not recorded": len(manifest.missing) or None,
    }
    table = "".join(
        f'<tr><th style="text-align:left">{name}</th><td style="text-align:left">{_escaped(value)}</td></tr>'
        for name, value in rows.items()
        if value not in (None, "")
    )
    hint = f"gandoctor report {shlex.quote(str(run.path))}"
    return (
        f'<div><p style="margin:4px 0"><b>{_escaped(run.path)}</b></p><table>{table}</table>{_sheet(run)}'
        f'<p style="margin:4px 0;opacity:.75"><code>diagnose(run)</code> judges it; the whole page: '
        f"<code>{_escaped(hint)}</code></p></div>"
    )


def _sheet(run: Run) -> str:
    sheets = run.sheets
    png = sheets[-1].png() if sheets else None
    if png is None or len(png) > SHEET_MAX_BYTES:
        return ""
    source = base64.b64encode(png).decode("ascii")
    what = f"Samples at step {sheets[-1].step}"
    return f'<p style="margin:4px 0">{what}</p><img alt="{what}" src="data:image/png;base64,{source}">'


def _escaped(text: object) -> str:
    return html.escape(printable(text, 400))
