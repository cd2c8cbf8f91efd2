"""What a fault is: a named change of the settings, and the rules that should detect it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One way to break training.

    Attributes:
        name: What `--fault` takes; kebab-case.
        title: One line.
        description: What it does to training, and which real mistake it stands for.
        expected: Ids of the rules that should detect it, the main one first. Contracts and design rules (GD0xx, GD1xx)
            detect the mistake itself, the other rules its effects. The ids are public vocabulary, so one may name a
            rule that this version does not have yet. Empty where no rule should detect anything.
        key: The setting that switches it on; its value is the step. None if the fault can only act from the start.
        changes: Other settings that it changes.
        only_from_the_start: Why it cannot begin at a later step; set exactly when `key` is None.
        start: The step it begins at unless `@STEP` is given; 0 is the start of training.
        undone_by: What takes it back besides a change of the settings in `changes`: the setting whose value it
            overrides, or the id of the treatment that is the opposite of it. A command that makes that change leaves
            the fault out.
    """

    name: str
    title: str
    description: str
    expected: tuple[str, ...]
    key: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    only_from_the_start: str | None = None
    start: int = 0
    undone_by: tuple[str, ...] = ()

    def settings(self, start: int) -> dict[str, Any]:
        """Return the settings it changes, by key, if it begins at step `start`."""
        return {**self.changes, **({self.key: start} if self.key else {})}


BUILT_ONCE = "a network's layers are fixed once it is built"
TRACED_ONCE = "Keras 3 reads `trainable` when it first traces the training step"
"""Reasons why a fault cannot begin mid-run."""
