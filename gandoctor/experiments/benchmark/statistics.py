"""The statistics of the benchmark's tables: pure functions of counts and steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import CensoredData, binomtest, ecdf, mannwhitneyu


@dataclass(frozen=True)
class Share:
    """A number of hits out of a total."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share as a number, or None if the total is 0."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval: Wilson's, or from 0 to the exact one-sided bound 1 - 0.05^(1/of) if there are no hits."""
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
    """Return the share at which zero hits in `of` have a chance of 5 %: 1 - 0.05^(1/of)."""
    return float(1 - 0.05 ** (1 / of))


@dataclass(frozen=True)
class Wait:
    """Steps until an event, or until the end of the observation if it did not happen."""

    steps: int
    happened: bool


def waiting_quantile(waits: Sequence[Wait], share: float) -> int | None:
    """Return the steps within which a share of the events has happened (Kaplan and Meier), or None if fewer have.

    Events that have not happened are right-censored at the end of the observation.
    """
    if not waits:
        return None
    ended = [wait.steps for wait in waits if wait.happened]
    waiting = ecdf(CensoredData(uncensored=ended, right=[wait.steps for wait in waits if not wait.happened])).sf
    reached = waiting.quantiles[waiting.probabilities <= 1 - share + 1e-9]
    return int(reached[0]) if len(reached) else None


@dataclass(frozen=True)
class Ranking:
    """Rank of the first right answer in each of several lists.

    Attributes:
        ranks: 1 for the first place, None for a list without a right answer.
    """

    ranks: tuple[int | None, ...]

    def within(self, places: int) -> Share:
        """Return the share of lists with a right answer within the first `places`."""
        return Share(sum(rank is not None and rank <= places for rank in self.ranks), len(self.ranks))

    @property
    def mean_reciprocal(self) -> float | None:
        """Mean of 1/rank, where a list without a right answer counts 0. None if there are no lists."""
        return sum(1 / rank for rank in self.ranks if rank) / len(self.ranks) if self.ranks else None


def rank_of_first(ranked: Sequence[str], right: Sequence[str]) -> int | None:
    """Return the place of the first right answer, counted from 1, or None if there is none."""
    return next((place for place, answer in enumerate(ranked, start=1) if answer in right), None)


def mann_whitney(changed: Sequence[float], healthy: Sequence[float]) -> tuple[float, float] | None:
    """Compare two groups with the two-sided Mann-Whitney test.

    Returns:
        The p-value and the chance that a changed value is above a healthy one. None if a group has fewer than two
        values.
    """
    if min(len(changed), len(healthy)) < 2:
        return None
    test = mannwhitneyu(changed, healthy, alternative="two-sided")
    return float(test.pvalue), float(test.statistic) / (len(changed) * len(healthy))
