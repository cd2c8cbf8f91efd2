"""The few statistics that benchmark tables need; pure functions of counts and steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import CensoredData, binomtest, ecdf, mannwhitneyu


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share as a number; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval: Wilson's; with no hits at all, from 0 to the exact one-sided bound 1 - 0.05^(1/of)."""
        if not self.of:
            return None
        if self.hits == 0:
            return 0.0, upper_bound_of_none(self.of)
        interval = binomtest(self.hits, self.of).proportion_ci(method="wilson")
        return float(interval.low), float(interval.high)

    def __str__(self) -> str:
        if not self.of:
            return "none of 0"
        low, high = self.interval or (0.0, 1.0)
        return f"{self.hits}/{self.of} ({low * 100:.0f}-{high * 100:.0f} %)"


def upper_bound_of_none(of: int) -> float:
    """Return the largest share that none in `of` still has a chance of 5 % with: 1 - 0.05^(1/of)."""
    return float(1 - 0.05 ** (1 / of))


@dataclass(frozen=True)
class Wait:
    """How long something took, or how long it had not happened when watching ended."""

    steps: int
    happened: bool


def waiting_quantile(waits: Sequence[Wait], share: float) -> int | None:
    """Return the steps within which `share` of all have happened (Kaplan and Meier); None where watching was too short.

    Those that had not happened are right-censored: they count as waiting until watching ended.
    """
    if not waits:
        return None
    ended = [wait.steps for wait in waits if wait.happened]
    waiting = ecdf(CensoredData(uncensored=ended, right=[wait.steps for wait in waits if not wait.happened])).sf
    reached = waiting.quantiles[waiting.probabilities <= 1 - share + 1e-9]
    return int(reached[0]) if len(reached) else None


@dataclass(frozen=True)
class Ranking:
    """How high the first right answer stood in ranked lists.

    Attributes:
        ranks: 1 for the first place; None where the list held no right answer.
    """

    ranks: tuple[int | None, ...]

    def within(self, places: int) -> Share:
        """Return how many had a right answer within the first places."""
        return Share(sum(rank is not None and rank <= places for rank in self.ranks), len(self.ranks))

    @property
    def mean_reciprocal(self) -> float | None:
        """Mean of 1/rank, 0 for a list without a right answer; None of no lists."""
        return sum(1 / rank for rank in self.ranks if rank) / len(self.ranks) if self.ranks else None


def rank_of_first(ranked: Sequence[str], right: Sequence[str]) -> int | None:
    """Return the place of the first right answer, from 1; None where there is none."""
    return next((place for place, answer in enumerate(ranked, start=1) if answer in right), None)


def mann_whitney(changed: Sequence[float], healthy: Sequence[float]) -> tuple[float, float] | None:
    """Compare two groups: (p of the two-sided exact test, chance that a changed value is above a healthy one).

    None where either group has fewer than two values.
    """
    if min(len(changed), len(healthy)) < 2:
        return None
    test = mannwhitneyu(changed, healthy, alternative="two-sided")
    return float(test.pvalue), float(test.statistic) / (len(changed) * len(healthy))
