"""Runs side by side: how they were made, what was found, how good their samples are, and what cannot be compared."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gandoctor.comparison.outcome import QUALITY, late_quality
from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.errors import GandoctorError, NotARun
from gandoctor.message import Message
from gandoctor.rules import Finding, Rule, Status
from gandoctor.store import Manifest, Run

SCHEMA = "gandoctor.comparison/1"
NOT_SETTINGS = ("changed", "undone_by", "seed", "steps")
"""Keys of a configuration that only repeat others."""
VALUE_MAX = 120
KEYS_MAX = 400

State = Literal["critical", "warning", "info", "not found", "not checked"]


@dataclass(frozen=True)
class Difference:
    """A thing in which runs differ: its name, and what each has; None where one has no such thing."""

    what: str
    values: tuple[str | None, ...]


@dataclass(frozen=True)
class Found:
    """What each run shows of one failure mode that at least one of them has."""

    rule: Rule
    states: tuple[State, ...]
    first_steps: tuple[int | None, ...]


@dataclass(frozen=True)
class Qualities:
    """How far the samples of each run are from the real data late in the steps that all have; less is better.

    Attributes:
        signal: What it is measured by.
        values: Late medians.
        ratios: Each over the baseline's; None where that has no meaning.
    """

    signal: str
    values: tuple[float | None, ...]
    ratios: tuple[float | None, ...]


@dataclass(frozen=True)
class SideBySide:
    """Two runs or more, the baseline first.

    Attributes:
        runs: Their diagnoses.
        names: A short name of each, all different.
        differences: How they were made: what differs, settings first.
        found: What was found in any of them.
        quality: None where no two runs measured it alike.
        until: The last step that all have reached.
        notes: What cannot be compared, and why.
    """

    runs: tuple[Diagnosis, ...]
    names: tuple[str, ...]
    differences: tuple[Difference, ...]
    found: tuple[Found, ...]
    quality: Qualities | None
    until: int
    notes: tuple[Message, ...]

    def to_plain(self) -> dict[str, Any]:
        """Return the comparison as JSON has it; numbers that are not finite are strings."""
        quality = self.quality
        return {
            "schema": SCHEMA,
            "runs": [
                {
                    "name": name,
                    "path": str(one.run.path),
                    "verdict": one.verdict,
                    "sentence": str(one.sentence),
                    "steps": one.run.last_step,
                }
                for name, one in zip(self.names, self.runs, strict=True)
            ],
            "differences": {one.what: list(one.values) for one in self.differences},
            "findings": {one.rule.id: list(one.states) for one in self.found},
            "quality": None
            if quality is None
            else {
                "signal": quality.signal,
                "until": self.until,
                "late": [_plain(value) for value in quality.values],
                "ratio": [_plain(value) for value in quality.ratios],
            },
            "notes": [str(note) for note in self.notes],
        }


def read(paths: Sequence[Path]) -> tuple[list[Diagnosis], list[Message]]:
    """Judge runs; those that cannot be read are told of.

    Raises:
        NotARun: The first, the baseline, cannot be read, or no other one can.
    """
    runs, notes = [diagnose(paths[0])], []
    for path in paths[1:]:
        try:
            runs.append(diagnose(path))
        except GandoctorError as error:
            notes.append(Message("Left out: {why}", why=str(error)))
    if len(runs) < 2:
        raise NotARun(" ".join([*(str(note) for note in notes), "A comparison takes two runs."]))
    return runs, notes


def side_by_side(runs: Sequence[Diagnosis], notes: Iterable[Message] = ()) -> SideBySide:
    """Put runs beside each other.

    Args:
        runs: The baseline first; at least two.
        notes: What is already known not to be comparable.
    """
    runs = tuple(runs)
    names = _names([one.run.path for one in runs])
    until = min(one.run.last_step for one in runs)
    return SideBySide(
        runs,
        names,
        tuple(_differences([one.run.manifest for one in runs])),
        tuple(_found(runs)),
        _quality([one.run for one in runs], until),
        until,
        (*notes, *_notes(runs, names, until)),
    )


def _names(paths: Sequence[Path]) -> tuple[str, ...]:
    """Return the last parts of the paths, as many as tell them apart."""
    whole = [Path(os.path.abspath(path)) for path in paths]
    for parts in range(1, 6):
        names = ["/".join(path.parts[-parts:]) for path in whole]
        if len(set(names)) == len(names):
            return tuple(names)
    seen: Counter[str] = Counter()
    for i, name in enumerate(path.name for path in whole):  # the same run twice
        seen[name] += 1
        names[i] = name if seen[name] == 1 else f"{name} ({seen[name]})"
    return tuple(names)


def _differences(manifests: Sequence[Manifest]) -> Iterator[Difference]:
    """Yield what differs in how the runs were made."""
    parts = [_made_of(manifest) for manifest in manifests]
    for what in dict.fromkeys(key for part in parts for key in part):
        values = tuple(part.get(what) for part in parts)
        if len(set(values)) > 1:
            yield Difference(what, values)


def _made_of(manifest: Manifest) -> dict[str, str]:
    """Return everything that is recorded of how a run was made: settings, target, command, networks, data, versions."""
    config = {key: value for key, value in manifest.config.items() if key not in NOT_SETTINGS}
    settings = config.pop("settings", {})
    every: dict[str, Any] = {
        **dict(_flat(settings if isinstance(settings, Mapping) else {"settings": settings})),
        **dict(_flat(config)),
        "target": manifest.target,
        "seed": manifest.seed,
        "planned steps": manifest.planned_steps,
        "loss": manifest.loss_family,
    }
    for card, player in ((manifest.generator, "generator"), (manifest.discriminator, "discriminator")):
        if card is None:
            continue
        every |= dict(_flat(card.optimizer, f"{player} optimizer: "))
        every[f"{player} parameters"] = card.parameters
        for i, layer in enumerate(card.layers):
            told = [f"{key}={_text(value)}" for key, value in sorted(layer.settings.items())]
            every[f"{player} layer {i + 1}"] = " ".join([*layer.wrappers, layer.type, *told])
    if manifest.data is not None:
        data = manifest.data
        every |= {"data shape": data.shape, "data range": [data.minimum, data.maximum]}
    if manifest.latent is not None:
        every |= {"latent shape": manifest.latent.shape}
    every |= {f"version of {name}": version for name, version in manifest.versions.items()}
    return {key: _text(value) for key, value in every.items() if value is not None}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    stack: list[tuple[str, Any]] = [(f"{prefix}{key}", value) for key, value in reversed(list(tree.items()))]
    for _ in range(KEYS_MAX):
        if not stack:
            return
        key, value = stack.pop()
        if isinstance(value, Mapping):
            stack += [(f"{key}.{inner}", below) for inner, below in reversed(list(value.items()))]
        else:
            yield key, value


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"


def _found(runs: Sequence[Diagnosis]) -> Iterator[Found]:
    """Yield what any run has, those of the baseline first and in its order."""
    outcomes: list[dict[str, Finding]] = [{f.rule.id: f for f in one.checks} for one in runs]
    for rule in dict.fromkeys(f.rule.id for one in runs for f in one.detected):
        findings = [outcome.get(rule) for outcome in outcomes]
        known = next(finding for finding in findings if finding is not None)
        yield Found(
            known.rule,
            tuple(_state(finding) for finding in findings),
            tuple(f.first_step if f is not None and f.status is Status.DETECTED else None for f in findings),
        )


def _state(finding: Finding | None) -> State:
    if finding is None or finding.status not in (Status.DETECTED, Status.NOT_DETECTED):
        return "not checked"
    return finding.severity.value if finding.status is Status.DETECTED else "not found"


def _quality(runs: Sequence[Run], until: int) -> Qualities | None:
    """Return the quality that most runs have, the one that treatments are judged by where several do."""
    measured = {name: tuple(late_quality(run, name, until) for run in runs) for name in QUALITY}
    counts = {name: sum(value is not None for value in values) for name, values in measured.items()}
    best = max(counts.values())
    if best < 2:
        return None
    signal = next(name for name in QUALITY if counts[name] == best)
    values = measured[signal]
    return Qualities(signal, values, tuple(_ratio(value, values[0]) for value in values))


def _ratio(value: float | None, base: float | None) -> float | None:
    if value is None or base is None or not (value > 0 and 0 < base < math.inf):
        return None
    return value / base


def _notes(runs: Sequence[Diagnosis], names: Sequence[str], until: int) -> Iterator[Message]:
    every = list(zip(runs, names, strict=True))
    steps = [one.run.last_step for one in runs]
    if len(set(steps)) > 1:
        yield Message(
            "The runs have different lengths ({steps} steps): quality is compared up to step {until}, findings are of "
            "the whole of each run.",
            steps=", ".join(map(str, steps)),
            until=until,
        )
    if several := [name for one, name in every if one.games]:
        yield Message(
            "{runs} holds several pairs of players: compare the directories of its games.", runs=", ".join(several)
        )
    elif without := [name for one, name in every if not one.run.sheets]:
        yield Message("No samples of {runs} are stored, so none can be shown.", runs=", ".join(without))
    first = runs[0].run.manifest.latent
    others = [(one.run.manifest.latent, name) for one, name in every[1:]]
    if unknown := [name for latent, name in others if first is None or latent is None]:
        yield Message("It is not recorded which latents {runs} and the baseline drew.", runs=", ".join(unknown))
    if other := [name for latent, name in others if None not in (first, latent) and latent != first]:
        yield Message(
            "The samples of {runs} are drawn from other latents than the baseline's: compare whole sheets, not image "
            "by image.",
            runs=", ".join(other),
        )
    if growing := [name for one, name in every if one.run.state == "running"]:
        yield Message("{runs} is still being written.", runs=", ".join(growing))


def _plain(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)
