"""Commands: what tries a change, from the command line that made the run.

A target that takes settings is given the changed ones. A script is run again with other learning rates where that is
the change; else as it was, once it has been edited, and checked first where the finding shows before training.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gandoctor.player_names import ADDED, OPTIMIZER_VALUES, PLAYERS, REAL_LABEL_KEY, SLOTS, Player
from gandoctor.printable import printable
from gandoctor.store import Run
from gandoctor.treatments.changes.spelling import framework_of, typed

DEFAULT_TARGET = "reference_models.training:build"
"""What `gandoctor run` trains where it is given no target."""
_LEFT_OUT = ("--run-dir", "--from-snapshot", "--fail-on", "--stop-on", "--dry-run-steps")
"""Options with a value that belong to the run that was made, not to the next one."""
_BY_NAME = {
    **{f"{SLOTS[p]}.{value}": f"{p}_optimizer.{value}" for p in PLAYERS for value in OPTIMIZER_VALUES},
    "training.real_label": REAL_LABEL_KEY,
}
"""Setting of an optimizer or of a label -> what sets it in a script, whose code stays as it is."""
_LAYERS: dict[str, tuple[Player, str, str]] = {
    f"{SLOTS[player]}.{name}": (player, kind, setting)
    for player in PLAYERS
    for name, kind, setting in (
        ("dropout", "Dropout", "rate"),
        ("batch_norm_momentum", "BatchNorm", "momentum"),
        ("batch_norm_epsilon", "BatchNorm", "epsilon"),
    )
}
"""Setting of layers, which is also what sets it in a script -> whose, the type of the layers, and their setting."""
_ADDED = tuple(f"{SLOTS['d']}.{what}" for what in ADDED)
"""What is added to any discriminator, under the name that sets it in a script."""
_MISSING = object()
WORD_MAX = 1_000
"""Characters of a word of a command."""


def command_for(run: Run, treatment: str, patch: Mapping[str, Any], before_training: bool) -> str | None:
    """Return the command that tries a treatment; None where none is known.

    Args:
        run: The run to be repeated.
        treatment: Id of the treatment.
        patch: Settings that make the change.
        before_training: Whether what was found shows in the model card, so that `gandoctor check` tells.
    """
    settings = run.manifest.config.get("settings")
    if isinstance(settings, Mapping):
        return _with_settings(run, settings, treatment, patch)
    if len(run.manifest.command) < 2:
        return None
    words = _words(run.manifest.command[1:])
    if words[0] == "run" and (changes := _changes(run, patch)):
        return _joined(["run", *changes, *words[1:]])
    if words[0] == "run" and before_training:
        asked = (pair for pair in _options(words[1:]) if pair[0] not in ("--watch", "--snapshots", "--duality-gap"))
        words = ["check", *(word for pair in asked for word in pair if word is not None)]
    return _joined(words)


def options_for(run: Run, patch: Mapping[str, Any]) -> str:
    """Return the options of `gandoctor run` that make a change in a run's own target; empty where none do."""
    settings = run.manifest.config.get("settings")
    if isinstance(settings, Mapping):
        return setting_words(patch, settings)
    return printable(shlex.join(_changes(run, patch)), WORD_MAX)


def setting_words(patch: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> str:
    """Return the options of `gandoctor run` that make a change in a target that takes settings.

    Args:
        patch: Settings, and what can be added to any discriminator.
        settings: The target's own; by default those of the reference model.
    """
    added = {key: value for key, value in patch.items() if key in _ADDED and _setting(settings or {}, key) is _MISSING}
    words = [*_set({key: value for key, value in patch.items() if key not in added}), *_changed(added)]
    return printable(shlex.join(words), WORD_MAX)


def _changes(run: Run, patch: Mapping[str, Any]) -> list[str]:
    """Return what sets a whole change in a running script; empty where something of it cannot be set there."""
    handles = {handle: value for key, value in patch.items() if (handle := _handle(run, key)) is not None}
    return _changed(handles) if len(handles) == len(patch) else []


def _handle(run: Run, key: str) -> str | None:
    """Return what sets a setting in a running script, as the change is meant; None where nothing does.

    An optimizer can be set in any script. Layers can be before the first step is traced, which is known of a Keras
    model that holds its players and is trained by `fit`, and of PyTorch; and only where all layers of that kind are
    alike, as all are set, or are to be. Noise and shifts can be put in front of any discriminator, normalisation in
    front of its layers, its gradients can be added to, and its labels of real images exchanged.
    """
    if key in _BY_NAME:
        return _BY_NAME[key]
    if key in _ADDED:
        return key
    if key not in _LAYERS:
        return None
    player, kind, setting = _LAYERS[key]
    card = run.manifest.generator if player == "g" else run.manifest.discriminator
    if card is None or (framework_of(run) == "keras" and not _is_fitted(run)):
        return None
    found = {layer.settings.get(setting) for layer in card.layers if layer.type.startswith(kind)}
    if setting == "epsilon":  # the usual one suits all layers, also where some have it already
        return key if found - {None} else None
    return key if len(found) == 1 and found != {None} else None


def _is_fitted(run: Run) -> bool:
    return all(run.manifest.players.get(slot, "").startswith("attribute") for slot in SLOTS.values())


def _joined(words: Iterable[str]) -> str:
    return shlex.join(printable(word, WORD_MAX) for word in ("gandoctor", *words))


def own_command(run: Run) -> list[str]:
    """Return the command that made a run, word by word, without what belongs to that run alone; empty if not known."""
    return ["gandoctor", *_words(run.manifest.command[1:])] if run.manifest.command else []


def _words(command: list[str]) -> list[str]:
    return [word for pair in _options(command) for word in pair if word is not None]


def _with_settings(run: Run, settings: Mapping[str, Any], treatment: str, patch: Mapping[str, Any]) -> str | None:
    """Return the run's command with changed settings, without the faults that the change takes back."""
    config = run.manifest.config
    known = {key: value for key, value in patch.items() if _setting(settings, key) is not _MISSING}
    added = {key: value for key, value in patch.items() if key in _ADDED and key not in known}
    undone_by = config.get("undone_by")
    undone = {
        str(fault): [str(key) for key in keys]
        for fault, keys in (undone_by.items() if isinstance(undone_by, Mapping) else ())
        if isinstance(keys, list) and {treatment, *known} & {str(key) for key in keys}
    }
    in_force = not added and all(_setting(settings, key) == value for key, value in known.items())
    if len(known) + len(added) < len(patch) or (in_force and not undone):
        return None  # it would train the same again
    kept = {key for keys in undone.values() for key in keys if "." in key and not key.startswith("faults.")}
    changed = {key: _setting(settings, key) for key in sorted(kept - {*known})} | known
    changed = {key: value for key, value in changed.items() if value is not _MISSING}
    command = run.manifest.command[1:] or _from_config(run)
    words = []
    for name, value in _options(command):
        if name == "--fault" and (value or "").partition("@")[0] in undone:
            continue
        if name == "--set" and (value or "").partition("=")[0] in changed:
            continue
        if name == "--steps" and "training.steps" in changed:
            continue
        words += [name] if value is None else [name, value]
    return _joined([*words, *_set(changed), *_changed(added)])


def _changed(added: Mapping[str, Any]) -> list[str]:
    return [f"--change={key}={_typed(value)}" for key, value in added.items()]


def _set(changed: Mapping[str, Any]) -> Iterator[str]:
    for key, value in changed.items():
        yield "--set"
        yield f"{key}={_typed(value)}"


def _typed(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return typed(value)
    return value if isinstance(value, str) else json.dumps(value)


def _from_config(run: Run) -> list[str]:
    """Return the command that trains the run's target again, from what its configuration says."""
    config, target = run.manifest.config, run.manifest.target
    words = ["run", *([target] if target and target != DEFAULT_TARGET else [])]
    if isinstance(config.get("preset"), str):
        words += ["--preset", config["preset"]]
    faults = config.get("faults")
    for fault in faults if isinstance(faults, list) else ():
        words += ["--fault", str(fault)]
    words += _set(_own_settings(config))
    if run.manifest.seed is not None:
        words += ["--seed", str(run.manifest.seed)]
    return words


def _own_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are neither the preset's nor set by a fault."""
    changed, undone_by = config.get("changed"), config.get("undone_by")
    if not isinstance(changed, Mapping):
        return {}
    by_faults = {
        str(key)
        for keys in (undone_by.values() if isinstance(undone_by, Mapping) else ())
        for key in (keys if isinstance(keys, list) else ())
    }
    return {key: value for key, value in changed.items() if key not in by_faults and not key.startswith("faults.")}


def _options(words: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the words of a command; an option with its value, without those of this run alone.

    What follows "--" belongs to a script.
    """
    given = iter(words)
    for word in given:
        name, equals, value = word.partition("=")
        if name in _LEFT_OUT:
            if not equals:
                next(given, None)
        elif name in ("--set", "--fault", "--steps", "--snapshots", "--duality-gap"):
            yield name, value if equals else next(given, "")
        elif name != "--json":
            yield word, None
        if word == "--":
            yield from ((rest, None) for rest in given)


def _setting(settings: Mapping[str, Any], key: str) -> Any:
    value: Any = settings
    for part in key.split("."):
        value = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
    return value
