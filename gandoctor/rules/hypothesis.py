"""Hypothesis: a possible cause of a symptom, declared once with its id, its title and its test."""

from __future__ import annotations

from dataclasses import dataclass

from gandoctor.message import Message
from gandoctor.rules.rule import Cause

NOT_RECORDED = Message("not recorded")


@dataclass(frozen=True)
class Hypothesis:
    """A possible cause. A run gives it a score and some evidence.

    Attributes:
        id: Stable slug. A hypothesis has the same id in every rule: the causes of a run are merged by id.
        title: What the cause may be.
        test: The measurement or experiment that tells it from other hypotheses.
    """

    id: str
    title: Message
    test: Message

    def cause(self, score: float, shown: Message = NOT_RECORDED, test: Message | None = None) -> Cause:
        """Return the hypothesis as a cause for one run.

        Args:
            score: 0..1, for ranking only.
            shown: What the run shows of it: a clause without a full stop.
            test: Replaces the hypothesis's own test where a symptom has a better one.
        """
        whole = Message("{test} This run: {shown}.", test=self.test if test is None else test, shown=shown)
        return Cause(self.id, self.title, score, whole)
