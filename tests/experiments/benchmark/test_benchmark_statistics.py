"""Intervals, waiting times and rankings against closed forms and loops."""

import numpy as np
import pytest

from gandoctor.experiments.benchmark.statistics import (
    Ranking,
    Share,
    Wait,
    mann_whitney,
    rank_of_first,
    upper_bound_of_none,
    waiting_quantile,
)


@pytest.mark.parametrize(("hits", "of"), [(1, 3), (5, 10), (62, 62), (3, 60)])
def test_the_interval_is_wilson_s(hits, of):
    """Both ends are the shares from which so many hits are 1.96 standard deviations away."""
    low, high = Share(hits, of).interval
    for end in {low, high} - {1.0}:
        assert abs(hits / of - end) / np.sqrt(end * (1 - end) / of) == pytest.approx(1.959964, rel=1e-5)
    assert low < hits / of <= high <= 1


@pytest.mark.parametrize(("of", "bound"), [(20, 0.139), (60, 0.049)])
def test_none_of_many_still_leaves_a_chance(of, bound):
    assert upper_bound_of_none(of) == pytest.approx(bound, abs=5e-4)
    assert (1 - upper_bound_of_none(of)) ** of == pytest.approx(0.05)
    assert Share(0, of).interval == (0.0, upper_bound_of_none(of))


def test_a_share_of_nothing_claims_nothing():
    assert (Share(0, 0).value, Share(0, 0).interval, str(Share(0, 0))) == (None, None, "none of 0")
    assert str(Share(3, 4)) == "3/4 (30-95 %)"


def kaplan_and_meier(waits, share):
    """The product of the shares that went on waiting, step by step, over those still watched."""
    surviving = 1.0
    for step in sorted({w.steps for w in waits if w.happened}):
        surviving *= 1 - sum(w.happened and w.steps == step for w in waits) / sum(w.steps >= step for w in waits)
        if surviving <= 1 - share + 1e-9:
            return step
    return None


@pytest.mark.parametrize("often", [0.0, 0.3, 0.7, 1.0])
def test_waiting_times_are_those_of_a_loop(often):
    rng = np.random.default_rng(3)
    waits = [Wait(int(rng.integers(1, 13)) * 25, bool(rng.random() < often)) for _ in range(40)]
    for share in (0.1, 0.25, 0.5, 0.75, 1.0):
        assert waiting_quantile(waits, share) == kaplan_and_meier(waits, share)


def test_what_never_happened_delays_the_quantile():
    found = [Wait(25, True)] * 5
    assert waiting_quantile(found, 0.9) == 25
    assert waiting_quantile([*found, Wait(300, False)], 0.9) is None
    assert waiting_quantile([*found, Wait(300, False)], 0.5) == 25
    assert waiting_quantile([], 0.5) is None


def test_ranking():
    ranking = Ranking((1, 2, None, 4))
    assert (ranking.within(1), ranking.within(3)) == (Share(1, 4), Share(2, 4))
    assert ranking.mean_reciprocal == pytest.approx((1 + 1 / 2 + 0 + 1 / 4) / 4)
    assert Ranking(()).mean_reciprocal is None


def test_the_rank_is_that_of_the_first_right_answer():
    assert rank_of_first(["x", "b", "a"], ["a", "b"]) == 2
    assert rank_of_first(["x"], ["a"]) is None


def test_mann_whitney_says_how_often_a_changed_value_is_above():
    assert mann_whitney([5, 6, 7], [1, 2, 3]) == pytest.approx((0.1, 1.0))
    assert mann_whitney([5], [1, 2, 3]) is None
