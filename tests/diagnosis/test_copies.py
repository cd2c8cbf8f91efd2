"""Copies among the samples: of each other, and of real images."""

from __future__ import annotations

import numpy as np

from gandoctor.diagnosis.copies import Reals, reals_of
from support.report_runs import strokes

REALS = strokes(64, 0.03)


def test_samples_that_show_the_same_image_are_found_and_others_are_not() -> None:
    fakes = strokes(16, 0.03, seed=9)
    fakes[[2, 5, 11]] = fakes[2]
    assert Reals(REALS).repeats(fakes) == (2, 5, 11)


def test_two_alike_are_not_yet_a_collapse() -> None:
    fakes = strokes(16, 0.03, seed=9)
    fakes[5] = fakes[2]
    assert Reals(REALS).repeats(fakes) == ()


def test_a_copy_of_a_real_image_is_shown_beside_it() -> None:
    fakes = strokes(8, 0.03, seed=9)
    fakes[3] = REALS[40]
    images, suspected = Reals(REALS).nearest(fakes)
    assert np.array_equal(images[3], REALS[40])
    assert 3 in suspected
    assert len(suspected) < 4


def test_reals_of_another_shape_are_not_compared() -> None:
    assert reals_of(REALS, np.zeros((4, 8, 8, 1), np.uint8)) is None
    assert reals_of(None, REALS) is None
