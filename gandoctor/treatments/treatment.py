"""What a treatment is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Strength = Literal["strong", "moderate", "weak"]


@dataclass(frozen=True)
class Treatment:
    """One change that may cure a failure mode.

    Attributes:
        id: Stable slug.
        title: The change in one imperative line.
        explanation: Why it should help and what to expect, in a few sentences.
        code: Keras 3 code to copy.
        evidence: How well it is supported that the change helps, by the source in `reference`.
        reference: Where that evidence is.
        patch: Settings of the reference model that make the change (`gandoctor run --set KEY=VALUE`); empty where
            the change is not a setting.
        scale: Settings to multiply by a factor, for changes that are relative to what the run used.
        cures: Ids of the causes it removes; they decide its rank once a finding has ranked its causes.
    """

    id: str
    title: str
    explanation: str
    code: str
    evidence: Strength
    reference: str
    patch: dict[str, Any] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    cures: tuple[str, ...] = ()
