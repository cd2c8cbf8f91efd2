"""Energy distance."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.measures.energy import energy_distance


def normal(seed: int, n: int = 64, d: int = 10) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def test_samples_of_one_distribution_are_near_each_other() -> None:
    assert abs(energy_distance(normal(0), normal(1))) < 0.03


def test_a_point_in_the_middle_is_far_from_a_spread() -> None:
    # E|y| over E|y - y'| is 1 over root 2, so the distance is 2 / root 2 - 1.
    assert energy_distance(np.zeros((64, 50)), normal(1, d=50)) == pytest.approx(2**0.5 - 1, abs=0.02)


def test_what_is_far_away_is_as_far_as_it_is() -> None:
    # Two standard normal numbers are 2 over root pi apart on average.
    a, b = normal(0, 2000, 1) + 100, normal(1, 2000, 1)
    assert energy_distance(a, b) == pytest.approx((200 - 4 / np.pi**0.5) / (2 / np.pi**0.5), rel=0.05)


def test_unit_and_shape_do_not_matter() -> None:
    a, b = normal(0, 32, 12), normal(1, 48, 12) + 0.5
    assert energy_distance(a.reshape(32, 3, 4) * 255, b.reshape(48, 3, 4) * 255) == pytest.approx(energy_distance(a, b))


def test_reals_that_are_all_alike_do_not_divide_by_nothing() -> None:
    assert np.isfinite(energy_distance(normal(0), np.zeros((10, 10))))
