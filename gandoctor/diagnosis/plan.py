"""The plan of action: at most five steps in order, each with the change in the run's own values.

Every view shows the same plan: it is `Diagnosis.plan`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gandoctor.message import Message
from gandoctor.rules import Standing
from gandoctor.treatments.edit import Edit
from gandoctor.treatments.treatment import Strength

if TYPE_CHECKING:
    from gandoctor.diagnosis.diagnosis import Diagnosis

MOST_STEPS = 5


@dataclass(frozen=True)
class Step:
    """One step of the plan.

    Attributes:
        treatment: Id of the treatment; "see-samples" and the like where something is to be made visible.
        title: What to do, in one imperative line with the run's own values.
        why: The cause it answers; of an inconclusive run, what was not seen.
        standing: Whether that cause is confirmed by the run or possible.
        findings: Ids of the detected rules it answers, the one that is the cause or the symptom it follows from first.
        edits: The change, edit by edit; empty where it can only be described, see `code`.
        code: Code to copy, in the run's framework, where there are no edits; "" where there is none either.
        evidence: How well published work or measurements support it; None where something is made visible.
        command: What tries it, to be typed in a shell; None where the run does not know how it was started.
        expect: What should be seen then, and by which step.
    """

    treatment: str
    title: Message
    why: Message
    standing: Standing
    findings: tuple[str, ...]
    edits: tuple[Edit, ...]
    code: str
    evidence: Strength | None
    command: str | None
    expect: Message

    @property
    def change(self) -> str:
        """The change as text: one line for each edit ("... learning_rate=1e-7 -> 4e-4)"), else the code."""
        return "\n".join(edit.line for edit in self.edits) or self.code

    @property
    def diff(self) -> tuple[str, ...]:
        """The change as the lines of a diff, each beginning with "- " or "+ "; empty where it is only described."""
        return tuple(line for edit in self.edits for line in edit.diff)

    def to_plain(self) -> dict[str, Any]:
        """Return the step as JSON has it."""
        return {
            "treatment": self.treatment,
            "title": str(self.title),
            "change": self.change,
            "diff": list(self.diff),
            "because": str(self.why),
            "standing": self.standing,
            "findings": list(self.findings),
            "evidence": self.evidence,
            "command": self.command,
            "expect": str(self.expect),
        }


def plan_of(diagnosis: Diagnosis) -> tuple[Step, ...]:
    """Return what to do about a run, first things first; nothing for a healthy one."""
    first = diagnosis.change_first
    if first is None:
        return ()
    why = diagnosis.likely_causes[0].title if diagnosis.likely_causes else diagnosis.detected[0].rule.title
    return (
        Step(
            treatment=first.id,
            title=first.title,
            why=why,
            standing="possible",
            findings=tuple(f.rule.id for f in diagnosis.detected if first in f.treatments),
            edits=(),
            code=first.code,
            evidence=first.evidence,
            command=None,
            expect=Message("The finding is gone."),
        ),
    )
