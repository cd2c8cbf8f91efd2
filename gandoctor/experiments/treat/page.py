"""Page: the HTML of a treatment, before and after side by side."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator
from typing import Any

from gandoctor.comparison.gaps import gaps_of, why_no_gap
from gandoctor.diagnosis import Diagnosis
from gandoctor.experiments.treat.trial import Trial, by_seed
from gandoctor.printable import printable
from gandoctor.store import Run

_STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}
section{border-top:1px solid #8886;padding:1em 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#8882;padding:.6em}
.o{display:inline-block;padding:.1em .6em;border-radius:1em;color:#fff;background:#666}.cured{background:#1a7f37}
.improved{background:#0969da}.worse{background:#b3261e}figure{display:inline-block;margin:0 1em 0 0}
img{image-rendering:pixelated;max-width:20em;width:100%}table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;
text-align:left}
"""


def treatment_page(before: Diagnosis, trials: Iterable[Trial]) -> str:
    """Return a page that stands alone: the training as it was, then each change with what it did."""
    trials = tuple(trials)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>Treatment of {_text(before.run.path.name)}</title><style>{_STYLE}</style>",
        f"<h1>Treatment of {_text(before.run.path.name)}</h1>",
        f"<p><b>{before.verdict.capitalize()}.</b> {_text(before.sentence)}</p>",
        *_overview(trials),
        *(part for trial in trials for part in _section(before, trial)),
        "</html>",
    ]
    return "\n".join(parts)


def _overview(trials: tuple[Trial, ...]) -> Iterator[str]:
    yield "<table><tr><th>change<th>outcome<th>gone<th>new<th>quality before, after<th>steps</tr>"
    for trial in trials:
        found = trial.comparison
        yield (
            f"<tr><td>{_text(trial.step.title)}<td>{_outcome(trial)}<td>{_text(', '.join(found.gone))}"
            f"<td>{_text(', '.join(found.new))}<td>{_text(_quality(trial))}<td>{_steps(trial)}</tr>"
        )
    yield "</table>"


def _section(before: Diagnosis, trial: Trial) -> Iterator[str]:
    step = trial.step
    yield f"<section><h2>{_text(step.title)} {_outcome(trial)}</h2><p>Because: {_text(step.why)}.</p>"
    yield f"<pre>{_text(chr(10).join(step.diff) or step.change)}</pre>"
    if step.command:
        yield f"<pre>{_text(step.command)}</pre>"
    if trial.note:
        yield f"<p>{_text(trial.note)}</p>"
    if trial.others:
        yield f"<p>{_text(by_seed(trial))}</p>"
    if trial.diagnosis is not None:
        yield f"<p><b>{trial.diagnosis.verdict.capitalize()}.</b> {_text(trial.diagnosis.sentence)}</p>"
        yield from _gaps(before.run, trial.diagnosis.run)
        yield _figures(before.run, trial.diagnosis.run)
    yield "</section>"


def _gaps(before: Run, after: Run) -> Iterator[str]:
    """Yield the duality gap of both where it was measured, else why it was not where it was asked for."""
    was, now = gaps_of(before), gaps_of(after)
    if not now:
        why = why_no_gap(after)
        if why is not None:
            yield f"<p>Duality gap: not measured: {_text(why)}.</p>"
        return
    yield "<table><tr><th>duality gap (shown, not judged)<th>before<th>after</tr>"
    for step, gap in now.items():
        yield f"<tr><td>step {step}<td>{f'{was[step]:.3g}' if step in was else '–'}<td>{gap:.3g}</tr>"
    yield "</table>"


def _figures(before: Run, after: Run) -> str:
    shown = []
    for name, run in (("before", before), ("after", after)):
        sheets = run.sheets
        png = sheets[-1].png() if sheets else None
        if png is not None:
            image = base64.b64encode(png).decode()
            caption = f"{name}, step {sheets[-1].step}"
            shown.append(
                f"<figure><img alt='{caption}' src='data:image/png;base64,{image}'>"
                f"<figcaption>{caption}</figcaption></figure>"
            )
    return f"<p>{''.join(shown)}</p>"


def _steps(trial: Trial) -> str:
    if trial.from_step:
        return f"{trial.last_step - trial.from_step}, from {trial.from_step} to {trial.last_step}"
    return str(trial.last_step or "")


def _quality(trial: Trial) -> str:
    found = trial.comparison
    if found.before is None or found.after is None:
        return ""
    return f"{found.before:.3g}, {found.after:.3g} ({found.signal})"


def _outcome(trial: Trial) -> str:
    outcome = trial.outcome
    return f"<span class='o {outcome.split()[0]}'>{outcome}</span>"


def _text(value: Any) -> str:
    return html.escape(printable(str(value)))
