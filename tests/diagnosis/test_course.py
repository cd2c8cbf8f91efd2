"""The course of a run: its best step, and whether the samples still come closer to the real data."""

from __future__ import annotations

import numpy as np

from gandoctor.diagnosis.course import Course, course_of
from gandoctor.measures import Band
from gandoctor.store import Run

BAND = {"sample_kid": Band(mean=0.0, std=0.02, low=-0.05, high=0.05)}


def course(values: np.ndarray) -> Course:
    steps = range(25, 25 * (len(values) + 1), 25)
    found = course_of(Run.from_signals({"sample_kid": dict(zip(steps, values.tolist(), strict=True))}), BAND, ())
    assert found is not None
    return found


def test_a_distance_that_falls_to_the_end_is_still_improving() -> None:
    found = course(np.linspace(100, 1, 80))
    assert (found.trend, found.best_step) == ("improving", 2_000)


def test_a_distance_that_stays_is_flat_since_it_got_there() -> None:
    found = course(np.concatenate([np.linspace(100, 1, 20), np.ones(60)]))
    assert found.trend == "flat"
    assert found.since is not None
    assert 250 <= found.since <= 600


def test_samples_that_never_got_better_have_no_best_step() -> None:
    assert course(np.full(80, 150.0)).best_step is None


def test_too_few_probes_have_no_best_step() -> None:
    assert course(np.array([3.0, 2.0])).trend == "unknown"
    assert course_of(Run.from_signals({"d_loss": {1: 0.7}}), BAND, ()) is None
