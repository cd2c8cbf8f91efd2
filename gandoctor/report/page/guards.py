"""What the guards did to a run: the finding that stopped it, and the generator that was kept."""

from __future__ import annotations

import math

from gandoctor.message import Message
from gandoctor.report.languages.language import Language
from gandoctor.report.text import clean, number
from gandoctor.store import Event, Run


def guard_facts(run: Run, words: Language) -> list[tuple[str, str]]:
    """Return facts as (key below "fact.", value): `stopped` and `best_generator`, as far as they apply."""
    rows = []
    stopped = _stopped(run, words)
    if stopped is not None:
        rows.append(("stopped", stopped))
    kept = next((e for e in reversed(run.events) if e.kind == "checkpoint" and "keeper" in _fields(e)), None)
    if kept is not None:
        rows.append(("best_generator", _kept(kept, run, words)))
    return rows


def _stopped(run: Run, words: Language) -> str | None:
    """Say what ended the run early, if the last thing that happened to it was that."""
    for event in reversed(run.events):
        fields = _fields(event)
        if event.kind == "guard":
            rule = clean(fields.get("finding"), 20)
            return words(
                "fact.stopped_by",
                step=f"{event.step:,}",
                guard=clean(fields.get("guard"), 40),
                finding=f"{rule} {clean(words.say(_told(fields.get('title'))), 120)}",
                severity=clean(fields.get("severity"), 20),
                patience=clean(fields.get("patience"), 20),
            )
        if event.kind == "ended" and fields.get("reason") == "stopped" and fields.get("why"):
            return words("fact.stopped_why", step=f"{event.step:,}", why=clean(words.say(_told(fields["why"])), 120))
        if event.kind in ("started", "resumed"):
            break
    return None


def _kept(event: Event, run: Run, words: Language) -> str:
    fields = _fields(event)
    metric, value = clean(fields.get("metric"), 60), fields.get("value")
    probes = sum(math.isfinite(v) for v in run[metric].loc[1:]) if metric in run else 0
    return words(
        "fact.kept_max" if fields.get("mode") == "max" else "fact.kept_min",
        step=f"{event.step:,}",
        metric=metric,
        value=number(float(value)) if isinstance(value, int | float) else "?",
        probes=f"{probes:,}",
        path=clean(fields.get("path"), 200),
    )


def _told(value: object) -> Message:
    """Return what an event holds, a message or plain text."""
    try:
        return Message.read(value)
    except ValueError:
        return Message.of(str(value))


def _fields(event: Event) -> dict[str, object]:
    return event.model_extra or {}
