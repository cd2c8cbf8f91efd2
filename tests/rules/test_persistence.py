"""Persistence: 3 of 4 probes, over at least 60 steps, beyond warm-up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gandoctor.rules import NotEvaluated, Severity
from gandoctor.rules.persistence import persistent_episode


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
    assert "600" in episode.ending


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
