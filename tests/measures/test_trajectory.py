"""The trajectory against explicit loops over its whole past."""

from __future__ import annotations

import numpy as np
import pytest

from gandoctor.measures.trajectory import KEPT, Trajectory


def path(probes: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).random((probes, 6, 9, 9, 1)).astype(np.float32))


def distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.mean([np.linalg.norm((a - b).astype(np.float64)) for a, b in zip(one, other, strict=True)]))


def test_distances_are_those_of_a_loop_and_absent_until_there_is_a_past() -> None:
    images, trajectory = path(KEPT + 8), Trajectory()
    for t, image in enumerate(images):
        found = trajectory.add(image)
        if t == 0:
            assert found == {}
            continue
        assert found["sample_step_distance"] == pytest.approx(distance(image, images[t - 1]), rel=1e-5)
        past = images[max(0, t - KEPT) : t - 2] if t > 2 else []
        assert ("sample_return_distance" in found) == bool(past)
        if past:
            nearest = min(distance(image, earlier) for earlier in past)
            assert found["sample_return_distance"] == pytest.approx(nearest, rel=1e-5)


def test_a_circle_comes_back_and_a_line_does_not() -> None:
    base, turn, line = path(1)[0], Trajectory(), Trajectory()
    one, other = path(2, seed=1)
    for t in range(20):
        angle = 2 * np.pi * t / 8
        circled = turn.add(base + np.cos(angle) * one + np.sin(angle) * other)
        moved = line.add(base + 0.1 * t * one)
    assert circled["sample_return_distance"] < 1e-3 < circled["sample_step_distance"]
    assert moved["sample_return_distance"] == pytest.approx(3 * moved["sample_step_distance"], rel=1e-3)


def test_the_oldest_of_40_is_remembered_and_the_one_before_it_is_not() -> None:
    for apart, remembered in ((KEPT, True), (KEPT + 1, False)):
        images, trajectory = path(apart), Trajectory()
        for image in images:
            trajectory.add(image)
        found = trajectory.add(images[0].copy())
        assert (found["sample_return_distance"] == 0) == remembered


def test_standing_still_is_exactly_0() -> None:
    trajectory, image = Trajectory(), path(1)[0]
    for _ in range(4):
        found = trajectory.add(image.copy())
    assert found == {"sample_step_distance": 0.0, "sample_return_distance": 0.0}


def test_values_that_are_not_finite_are_left_out_and_not_remembered() -> None:
    images, trajectory = path(6), Trajectory()
    broken = images[2].copy()
    broken[0, 0, 0, 0] = np.nan
    results = [trajectory.add(x) for x in [*images[:2], broken, *images[3:]]]
    assert results[2] == {}
    assert "sample_step_distance" not in results[3]
    assert results[3]["sample_return_distance"] == pytest.approx(distance(images[3], images[0]), rel=1e-5)
    assert results[4]["sample_step_distance"] == pytest.approx(distance(images[4], images[3]), rel=1e-5)
    assert all(np.isfinite(v) for r in results for v in r.values())


def test_large_images_are_averaged_down() -> None:
    images, trajectory = np.random.default_rng(0).random((2, 4, 64, 64, 3)).astype(np.float32), Trajectory()
    trajectory.add(images[0])
    small = images.reshape(2, 4, 32, 2, 32, 2, 3).mean(axis=(3, 5))
    found = trajectory.add(images[1])
    assert found["sample_step_distance"] == pytest.approx(distance(small[1], small[0]), rel=1e-5)
