"""What a fault is: a named change of the settings, with the rules it was made for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One way to damage the training.

    Attributes:
        name: What `--fault` takes; kebab-case.
        title: One line.
        description: What it does to the training and which real mistake it stands for.
        expected: Ids of the rules it was made for, the main one first: contracts and design rules (GD0xx, GD1xx) find
            the mistake itself, the others what comes of it. Public vocabulary, so that an id may name a rule that this
            version does not have yet. Empty where no rule should speak: then it is there to see that none does.
        key: The setting that switches it on: its value is the step. None where it can only be there from the start.
        changes: Settings that it changes besides.
        only_from_the_start: Why it cannot begin at a later step; exactly where `key` is None.
        start: Step it begins at unless `@STEP` says otherwise; 0 is the start of training.
    """

    name: str
    title: str
    description: str
    expected: tuple[str, ...]
    key: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    only_from_the_start: str | None = None
    start: int = 0

    def settings(self, start: int) -> dict[str, Any]:
        """Return the settings it changes, by key, when it begins at step `start`."""
        return {**self.changes, **({self.key: start} if self.key else {})}


BUILT_ONCE = "the layers of a network are fixed once it is built"
TRACED_ONCE = "Keras 3 reads `trainable` when the training step is first traced"
"""Reasons why a fault cannot begin mid-run."""
