"""Facts about a run: its key facts, events, data, gaps, and the command that made it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from itertools import pairwise

from gandoctor.loss_families import OBJECTIVES
from gandoctor.message import Message
from gandoctor.report.languages.language import Language
from gandoctor.report.page.guards import guard_facts
from gandoctor.report.text import ROWS_MAX, clean, duration, flat, number, setting
from gandoctor.store import Event, Run

LOSSES_MAX = 10
EVENTS_MAX = 60
GAPS_MAX = 60


def facts(run: Run, words: Language) -> list[tuple[str, str]]:
    """Return the run's key facts as (name, value); what is not known is left out."""
    manifest = run.manifest
    steps = f"{run.last_step:,}"
    if manifest.planned_steps is not None:
        steps = words("fact.planned", steps=steps, planned=f"{manifest.planned_steps:,}")
    rows = [("state", words(f"state.{run.state}")), ("steps", steps)]
    if manifest.loss_family is not None:
        source = words(f"source.{manifest.loss_family_source}")
        rows.append(("loss", words.say(OBJECTIVES[manifest.loss_family].title) + source))
    else:
        rows.append(("loss", words("fact.unknown")))
    if manifest.target is not None:
        rows.append(("target", clean(manifest.target, 120)))
    if manifest.seed is not None:
        rows.append(("seed", clean(manifest.seed, 40)))
    wall = wall_time(run, words)
    if wall is not None:
        rows.append(("wall_time", wall))
    if manifest.created:
        rows.append(("started", _moment(manifest.created)))
    rows += guard_facts(run, words)
    return [(words(f"fact.{key}"), value) for key, value in rows]


def bar(run: Run, words: Language) -> list[tuple[str, str]]:
    """Return what tells this run from others as (name, value): steps, time, seed, what was switched on."""
    steps, planned = f"{run.last_step:,}", run.manifest.planned_steps
    if planned is not None and planned != run.last_step:
        steps = words("fact.planned", steps=steps, planned=f"{planned:,}")
    rows = [("steps", steps)]
    if (wall := wall_time(run, words)) is not None:
        rows.append(("time", wall))
    if run.manifest.seed is not None:
        rows.append(("seed", clean(run.manifest.seed, 40)))
    if switched := faults(run):
        rows.append(("faults", " ".join(f"--fault {shlex.quote(name)}" for name in switched)))
    return [(words(f"bar.{key}"), value) for key, value in rows]


def faults(run: Run) -> list[str]:
    """Return the faults that were switched on, as they are given to `--fault`, at most 8."""
    named = run.manifest.config.get("faults")
    if not isinstance(named, list):
        given = run.manifest.command
        named = [value for option, value in pairwise(given) if option == "--fault"]
    return [clean(name, 80) for name in named[:8]]


def ending(run: Run, words: Language) -> str | None:
    """Return how the run ended where that was not as planned; None where it was."""
    return None if run.state == "completed" else words(f"state.{run.state}")


def settings(run: Run, words: Language) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the settings that differ from the target's defaults, and all others, as typed.

    Where the run does not know its target's defaults, what a script was given are its arguments; else all are others.
    """
    config = dict(run.manifest.config)
    changed = config.pop("changed", None)
    for internal in ("undone_by", "faults"):
        config.pop(internal, None)
    if not isinstance(changed, Mapping):
        return ([], flat(config, words)) if "settings" in config else (flat(config, words), [])
    return flat(changed, words), flat(config, words)


def wall_time(run: Run, words: Language) -> str | None:
    """Return the time from the first to the last recorded step, pauses of a resumed run included, or None."""
    if "time" not in run:
        return None
    times = run["time"].to_numpy()
    if len(times) < 2:
        return None
    text = duration(float(times[-1] - times[0]), words)
    return words("fact.pauses", time=text) if any(e.kind == "resumed" for e in run.events) else text


def crash(run: Run, words: Language) -> str | None:
    """Return what the last `ended` event says of a crash."""
    if run.state != "crashed":
        return None
    extra = next((e.model_extra or {} for e in reversed(run.events) if e.kind == "ended"), {})
    parts = [f"{k}: {_told(v, words)}" for k, v in extra.items() if k != "reason"]
    return clean("; ".join(parts)) or words("top.no_cause")


def notable_events(run: Run, words: Language) -> list[tuple[int, str, str]]:
    """Return (step, kind, details) of events a reader should know: faults, forks, resumes, monitor trouble."""
    kinds = ("fault", "forked", "resumed", "data_changed", "monitor_error", "monitor_warning")
    found = [e for e in run.events if e.kind in kinds]
    return [(e.step, words(f"event.{e.kind}"), _details(e, words)) for e in found[:EVENTS_MAX]]


def gaps(run: Run, words: Language) -> list[str]:
    """Return what could not be read, at most 60 entries."""
    found = [clean(words.say(gap)) for gap in run.gaps]
    more = len(found) - GAPS_MAX
    return found[:GAPS_MAX] + ([words("checks.more_gaps", n=more)] if more > 0 else [])


def missing(run: Run, words: Language, limit: int = ROWS_MAX) -> list[tuple[str, str]]:
    """Return (signal, reason) of what could not be recorded."""
    return flat({name: words.say(why) for name, why in run.manifest.missing.items()}, words, limit)


def data_facts(run: Run, words: Language) -> list[tuple[str, str]]:
    """Return what is known of the real data, of the latent distribution and of the losses found on the model."""
    rows: list[tuple[str, str]] = []
    if (data := run.manifest.data) is not None:
        count = words("fact.probe_count", probe=f"{data.probe_count:,}", holdout=f"{data.holdout_count:,}")
        rows += [
            ("data", f"{clean(data.dtype, 40)}, {shape_of(data.shape, words)}"),
            ("range", words("fact.from_to", low=number(data.minimum), high=number(data.maximum))),
            ("mean_std", f"{number(data.mean)}, {number(data.std)}"),
            ("probe", count),
        ]
        if data.share_at_minimum is not None and data.share_at_maximum is not None:
            low, high = f"{data.share_at_minimum:.1%}", f"{data.share_at_maximum:.1%}"
            rows.append(("limits", words("fact.at_limits", low=low, high=high)))
        if data.distinct_count is not None:
            rows.append(("distinct", f"{data.distinct_count:,}"))
    if (latent := run.manifest.latent) is not None:
        law = shape_of(latent.shape, words)
        if latent.minimum is not None and latent.maximum is not None:
            law += words("fact.latent_range", low=number(latent.minimum), high=number(latent.maximum))
        if latent.mean is not None and latent.std is not None:
            law += words("fact.latent_moments", mean=number(latent.mean), std=number(latent.std))
        rows.append(("latent", law))
    for where, loss in list(run.manifest.losses.items())[:LOSSES_MAX]:
        settings = ", ".join(value if key == "type" else f"{key} {value}" for key, value in flat(loss, words, 12))
        rows.append(("loss_object", f"{settings} ({_place(where, words)})"))
    return [(words(f"fact.{key}"), value) for key, value in rows]


def _place(where: str, words: Language) -> str:
    """Return where on the model a loss was found: a key of `Manifest.losses` in words."""
    if where == "discriminator, as compiled":
        return words("fact.compiled_loss")
    kind, _, name = where.partition(" ")
    return words("fact.attribute_loss", name=clean(name, 80)) if kind == "attribute" else clean(where, 80)


def command(run: Run) -> str | None:
    """Return the command that made the run, quoted for a shell, or None."""
    if not run.manifest.command:
        return None
    return shlex.join(clean(part, 1_000) for part in run.manifest.command[:200])


def _moment(created: str) -> str:
    """A timestamp to the minute, as readers write it; anything else as it stands."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(Z|\+00:?00)?$", created)
    if found is None:
        return clean(created, 40)
    return f"{found[1]} {found[2]}{' UTC' if found[3] else ''}"


def cadence(run: Run) -> list[tuple[str, str]]:
    """Return how often probes ran, whole numbers without a decimal point."""
    return [(clean(k, 120), number(v)) for k, v in list(run.manifest.cadence.items())[:40]]


def shape_of(shape: tuple[int | None, ...] | None, words: Language) -> str:
    """Return a tensor's shape as "batch × 28 × 28 × 1", "" where it is not known."""
    return "" if shape is None else " × ".join(words("fact.batch") if n is None else str(n) for n in shape[:8])


def _details(event: Event, words: Language) -> str:
    return clean(
        "; ".join(f"{k}: {_told(v, words)}" for k, v in (event.model_extra or {}).items() if k not in _PROCESS)
    )


def _told(value: object, words: Language) -> str:
    """Return a field of an event: a message in the page's language, anything else as a setting."""
    if isinstance(value, dict) and "template" in value:
        try:
            return words.say(Message.read(value))
        except ValueError:
            return setting(value, words)
    return setting(value, words)


_PROCESS = ("host", "pid", "process_created")
