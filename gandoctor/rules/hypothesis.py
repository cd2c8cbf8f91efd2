"""Hypothesis: one thing that may be behind a symptom, declared once with its id, its title and its test."""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.rule import Cause

NOT_RECORDED = Message("not recorded")


@dataclass(frozen=True)
class Hypothesis:
    """A possible cause; a run gives it a score and shows something of it.

    Attributes:
        id: Stable slug. The same hypothesis has the same id in every rule: a run's causes are merged by it.
        title: What may be the cause.
        test: The measurement or experiment that tells it from the next one.
    """

    id: str
    title: Message
    test: Message

    def cause(self, score: float, shown: Message = NOT_RECORDED, test: Message | None = None) -> Cause:
        """Return the hypothesis as a run shows it.

        Args:
            score: 0..1, for ranking only.
            shown: What this run shows of it: a clause without its full stop.
            test: Another test than the hypothesis's own, where a symptom has a better one.
        """
        whole = Message("{test} This run: {shown}.", test=self.test if test is None else test, shown=shown)
        return Cause(self.id, self.title, score, whole)
