"""What a treatment is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from gandoctor.message import Message
from gandoctor.treatments.edit import Edit

Strength = Literal["strong", "moderate", "weak"]

Framework = Literal["keras", "torch"]
"""A framework that treatments can have code for."""


@dataclass(frozen=True)
class Words:
    """What a treatment says otherwise in one framework; None where its words serve there too."""

    title: Message | None = None
    explanation: Message | None = None


@dataclass(frozen=True)
class Treatment:
    """One change that may cure a failure mode.

    Attributes:
        id: Stable slug.
        title: The change in one imperative line.
        explanation: Why it should help and what to expect, in a few sentences.
        evidence: How well the source in `reference` supports that the change helps.
        reference: Where that evidence is.
        snippets: Code to copy, by the library it is written for: "keras" (Keras 3), "torch", or "numpy" where the
            same code serves every framework.
        words: Framework -> what is said otherwise there; the other texts are for Keras or for all.
        patch: Settings of the reference model that make the change (`gandoctor run --set KEY=VALUE`); empty where
            the change is not a setting.
        scale: Settings to multiply by a factor, for changes that are relative to what the run used.
        cures: Ids of the causes it removes. Once a finding has ranked its causes, they decide the treatment's rank.
        edits: The change in one run's own values, where `tailored` has filled it in; the code is then its diff.
        framework: Whose code `code` is: that of the run it is prescribed for.
    """

    id: str
    title: Message
    explanation: Message
    evidence: Strength
    reference: Message
    snippets: Mapping[Framework | Literal["numpy"], str] = field(default_factory=dict)
    words: Mapping[Framework, Words] = field(default_factory=dict)
    patch: dict[str, Any] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    cures: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    framework: Framework = "keras"

    def __post_init__(self) -> None:
        for name in ("title", "explanation", "reference"):
            object.__setattr__(self, name, Message.of(getattr(self, name)))

    @property
    def code(self) -> str:
        """The code for its framework; empty where there is none."""
        return self.code_for(self.framework) or ""

    def of(self, framework: Framework) -> Treatment:
        """Return the treatment in a framework's words and with its code."""
        words = self.words.get(framework, Words())
        return replace(
            self,
            framework=framework,
            title=words.title or self.title,
            explanation=words.explanation or self.explanation,
        )

    def code_for(self, framework: Framework) -> str | None:
        """Return the code for a framework, or None where there is none yet."""
        return self.snippets.get(framework, self.snippets.get("numpy"))
