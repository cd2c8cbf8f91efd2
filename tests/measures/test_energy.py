"""Energy distance."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.measures.energy import EnergyDistance


def normal(seed: int, n: int = 64, d: int = 10) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def test_samples_of_one_distribution_are_near_each_other() -> None:
    assert abs(EnergyDistance(normal(1))(normal(0))) < 0.03


def test_a_point_in_the_middle_is_far_from_a_spread() -> None:
    # E|y| over E|y - y'| is 1 over root 2, so the distance is 2 / root 2 - 1.
    assert EnergyDistance(normal(1, d=50))(np.zeros((64, 50))) == pytest.approx(2**0.5 - 1, abs=0.02)


def test_what_is_far_away_is_as_far_as_it_is() -> None:
    # In 50 dimensions two standard normal points are 10 apart, and the first 256 rows count.
    a, b = normal(0, 64, 50), np.concatenate([normal(1, 256, 50), np.full((9, 50), 1e9)])
    a[:, 0] += 1000
    assert EnergyDistance(b)(a) == pytest.approx((2000 - 20) / 10, rel=0.02)


def test_unit_and_shape_do_not_matter() -> None:
    a, b = normal(0, 32, 12), normal(1, 48, 12) + 0.5
    assert EnergyDistance(b.reshape(48, 3, 4) * 255)(a.reshape(32, 3, 4) * 255) == pytest.approx(EnergyDistance(b)(a))


def test_reals_that_are_all_alike_do_not_divide_by_nothing() -> None:
    assert np.isfinite(EnergyDistance(np.zeros((10, 10)))(normal(0)))
