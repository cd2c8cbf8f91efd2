"""Persistence: 3 of 4 probes, over at least 60 steps, beyond warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gandoctor.rules import NotEvaluated, Severity
from gandoctor.rules.reading.persistence import (
    MANY_VALUES,
    Episode,
    persistent_episode,
    persistent_episodes,
    running_median,
)


def holds(steps: list[int], sick: set[int]) -> pd.Series:
    return pd.Series([s in sick for s in steps], index=steps)


GRID = list(range(0, 1001, 20))


def test_healthy_has_no_episode() -> None:
    assert persistent_episode(holds(GRID, set()), 150) is None


def test_onset_and_end_are_the_condition_s_own() -> None:
    episode = persistent_episode(holds(GRID, set(range(400, 1001))), 150)
    assert episode is not None
    assert (episode.first_step, episode.last_step, episode.ongoing) == (400, 1000, True)
    assert episode.severity(Severity.CRITICAL) is Severity.CRITICAL


def test_recovery_lowers_severity_by_one() -> None:
    episode = persistent_episode(holds(GRID, set(range(400, 601))), 150)
    assert episode is not None
    assert (episode.first_step, episode.last_step, episode.ongoing) == (400, 600, False)
    assert episode.severity(Severity.CRITICAL) is Severity.WARNING
    assert episode.severity(Severity.WARNING) is Severity.INFO
    assert episode.severity(Severity.INFO) is Severity.INFO
    assert episode.ending is not None
    assert episode.ending.values == {"step": 600}


def test_what_the_last_probes_show_has_begun() -> None:
    sick = holds(GRID, {980, 1000})
    assert persistent_episode(sick, 150) is None, "only where it is asked for"
    episode = persistent_episode(sick, 150, begun=True)
    assert episode is not None
    assert (episode.first_step, episode.last_step, episode.ongoing, episode.begun) == (980, 1000, True, True)
    assert episode.severity(Severity.CRITICAL) is Severity.INFO
    assert episode.ending is not None
    for otherwise in ({1000}, {960, 980}, {960, 1000}, set()):  # once, over, interrupted, never
        assert persistent_episode(holds(GRID, otherwise), 150, begun=True) is None


def test_what_has_lasted_goes_before_what_has_begun() -> None:
    episode = persistent_episode(holds(GRID, {*range(400, 601), 980, 1000}), 150, begun=True)
    assert episode is not None
    assert (episode.first_step, episode.last_step, episode.begun) == (400, 600, False)


def test_what_a_young_run_leaves_behind_is_a_remark_also_where_it_was_judged_early() -> None:
    passing = holds(GRID, set(range(300, 401)))
    for until, severity in ((0, Severity.WARNING), (500, Severity.INFO), (200, Severity.WARNING)):
        episode = persistent_episode(passing, 150, young_until=until)
        assert episode is not None
        assert episode.severity(Severity.CRITICAL) is severity
    lasting = persistent_episode(holds(GRID, set(range(300, 1001))), 150, young_until=500)
    assert lasting is not None
    assert lasting.severity(Severity.CRITICAL) is Severity.CRITICAL


def test_two_of_four_are_not_enough_and_three_are() -> None:
    assert persistent_episode(holds(GRID, {400, 420, 480, 500, 560, 580}), 150) is None
    assert persistent_episode(holds(GRID, {400, 420, 460}), 150) is not None


def test_four_probes_within_a_few_steps_prove_nothing() -> None:
    dense = list(range(400))
    assert persistent_episode(holds(dense, set(range(300, 330))), 150) is None
    episode = persistent_episode(holds(dense, set(range(300, 350))), 150)
    assert episode is not None
    assert episode.first_step == 300


def test_an_episode_that_ends_with_warm_up_does_not_count() -> None:
    assert persistent_episode(holds(GRID, set(range(180))), 150) is None


def test_an_episode_that_outlasts_warm_up_keeps_its_own_beginning() -> None:
    episode = persistent_episode(holds(GRID, set(range(40, 1001))), 150)
    assert episode is not None
    assert episode.first_step == 40


def test_the_ongoing_episode_goes_before_a_longer_earlier_one() -> None:
    episode = persistent_episode(holds(GRID, set(range(200, 700)) | set(range(900, 1001))), 150)
    assert episode is not None
    assert (episode.first_step, episode.ongoing) == (900, True)


@pytest.mark.parametrize("steps", [[], [0], [0, 500, 1000], list(range(140, 200))])
def test_too_few_probes_after_warm_up(steps: list[int]) -> None:
    with pytest.raises(NotEvaluated, match="after warm-up"):
        persistent_episode(holds(steps, set()), 150)


def test_sparse_probes_need_four_of_them() -> None:
    steps = [200, 400, 600, 800, 1000]
    assert persistent_episode(holds(steps, {600, 1000}), 150) is None
    assert persistent_episode(holds(steps, {600, 800, 1000}), 150) is not None


def test_agrees_with_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        steps = np.unique(rng.integers(0, 600, 40))
        sick = rng.random(len(steps)) < 0.6
        expected = False
        for i, step in enumerate(steps):
            earlier = [j for j in range(i + 1) if steps[j] <= step - 60]
            if i < 3 or not earlier:
                continue
            window = range(min(i - 3, earlier[-1]), i + 1)
            expected |= bool(steps[window[0]] >= 150 and sum(sick[list(window)]) >= 0.75 * len(window))
        found = persistent_episode(pd.Series(sick, index=steps), 150)
        if expected:
            assert found is not None
        elif found is not None:
            # Only a stretch that also holds a judged window may be reported.
            raise AssertionError(f"{found} reported, none expected")


def sudden(values: str, far: str | None = None, judged_from: int = 100) -> Episode | None:
    """Probes every 20 steps from 20 on: "x" held, "." did not."""
    steps = range(20, 20 * len(values) + 1, 20)
    held = pd.Series([v == "x" for v in values], index=steps)
    return persistent_episode(held, judged_from, held if far is None else pd.Series([v == "x" for v in far], steps))


def test_what_comes_at_once_and_far_needs_two_probes() -> None:
    episode = sudden(".........xx")
    assert episode is not None
    assert (episode.first_step, episode.last_step, episode.ongoing) == (200, 220, True)
    later = sudden(".........xxxxxxx")
    assert later is not None
    assert (later.first_step, later.last_step, later.ongoing) == (200, 320, True)
    # Right at the end of warm-up, where a whole window would have to wait for 60 steps.
    assert sudden("....xx", judged_from=100) is not None


@pytest.mark.parametrize(
    ("values", "far"),
    [
        (".........x", ".........x"),  # one probe
        (".........xx", "..........x"),  # not far twice
        ("......x..xx", "......x..xx"),  # it was there before
        ("........xx.", "........xx."),  # and has gone again: an episode that has ended
    ],
)
def test_what_is_not_sudden_waits_for_its_window(values: str, far: str) -> None:
    episode = sudden(values, far)
    assert episode is None or not episode.ongoing


def test_sudden_before_warm_up_is_over_is_not_judged() -> None:
    assert sudden("....xx......", judged_from=120) is None


def test_of_several_one_that_is_sudden_is_judged_before_the_others_can_be() -> None:
    steps = range(20, 141, 20)
    calm = pd.Series(False, index=steps)
    copies = pd.Series([s >= 120 for s in steps], index=steps)
    found = persistent_episodes({"calm": calm, "copies": copies}, 100, {"copies": copies})
    assert found["calm"] is None
    assert found["copies"] is not None
    with pytest.raises(NotEvaluated, match="after warm-up"):
        persistent_episodes({"calm": calm, "copies": copies}, 100, {})


@pytest.mark.parametrize("span", [1, 2, 60, 61])
def test_medians_of_a_long_series_are_those_of_its_windows(span: int) -> None:
    count = MANY_VALUES + 500
    steps = np.delete(np.arange(5, count + 9), [17, 4_000, 4_030, 299_000])  # a loss that was NaN has no value there
    values = np.random.default_rng(3).standard_normal(count)
    median = running_median(pd.Series(values, index=steps), span)
    assert median.index[0] == 5 + span
    seen = (0, 10, 60, 100, 3_950, 4_010, 4_030, 4_089, 200_000, 298_999, len(median) - 1)
    for step in median.index[list(seen)]:
        window = values[(steps > step - span) & (steps <= step)]
        assert median.loc[step] == np.median(window), step


def test_medians_pass_over_infinite_values_in_a_long_series_as_in_a_short_one() -> None:
    values = np.zeros(MANY_VALUES)
    values[100:200] = np.inf
    long = running_median(pd.Series(values, index=np.arange(MANY_VALUES)))
    short = running_median(pd.Series(values[:1000], index=np.arange(1000)))
    assert np.isnan(long.loc[170])
    pd.testing.assert_series_equal(long.iloc[: len(short)], short, check_exact=True)
