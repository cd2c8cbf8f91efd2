"""The cadence holds the budget, and its floor."""

from __future__ import annotations

import pytest

from gandoctor.recording.session.cadence import Cadence


def run(cadence: Cadence, steps: int, step_time: float, cost: float) -> list[int]:
    probed = []
    for step in range(steps + 1):
        if cadence.due(step):
            probed.append(step)
            cadence.probed(step, cost, step_time if step else None)
    return probed


def test_cheap_probes_come_at_the_shortest_distance() -> None:
    assert run(Cadence(0.02, 1000), 1000, step_time=1.0, cost=0.01)[:4] == [0, 25, 50, 75]


@pytest.mark.parametrize("step_time", [0.005, 0.05, 1.0])
def test_probes_cost_no_more_than_the_budget_in_a_long_run(step_time: float) -> None:
    probed = run(Cadence(0.02, 100_000), 100_000, step_time, cost=0.1)
    assert len(probed) * 0.1 <= 0.021 * 100_000 * step_time


def test_a_run_of_1000_steps_keeps_20_probes_whatever_they_cost() -> None:
    assert len(run(Cadence(0.02, 1000), 1000, step_time=0.001, cost=10.0)) >= 20


def test_a_short_run_is_probed_all_the_same() -> None:
    assert len(run(Cadence(0.02, 40), 40, step_time=0.1, cost=0.1)) >= 20


@pytest.mark.parametrize("cost", [0.001, 0.04, 4.0])
def test_a_short_run_of_unknown_length_has_probes_enough_whatever_they_cost(cost: float) -> None:
    probed = run(Cadence(0.02), 450, step_time=0.005, cost=cost)
    assert probed[:4] == [0, 10, 20, 30]
    assert sum(step >= 225 for step in probed) >= 4  # enough for a verdict


def test_a_long_run_of_unknown_length_comes_to_the_budget() -> None:
    probed = run(Cadence(0.02), 100_000, step_time=0.02, cost=0.1)
    assert len(probed) * 0.1 <= 0.022 * 100_000 * 0.02
    assert sum(step <= 1000 for step in probed) >= 20
