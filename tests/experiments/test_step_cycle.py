"""Steps of a hand-written loop are counted from the order of its updates, also when one player stops."""

from __future__ import annotations

import pytest

from gandoctor.backends.discovery.cycle import PATIENCE_FIRST, PATIENCE_UPDATES, StepCycle


def steps(updates: str) -> int:
    """Return how many steps a sequence of updates makes: "d" and "g" for the players."""
    cycle = StepCycle()
    return sum(cycle.updated(player) for player in updates)  # type: ignore[arg-type]


@pytest.mark.parametrize(("a_round", "rounds"), [("dg", 50), ("dddddg", 50), ("dgg", 50), ("gd", 50), ("dggggg", 50)])
def test_a_round_is_a_step(a_round: str, rounds: int) -> None:
    assert steps(a_round * rounds) == rounds


def test_pre_training_is_no_step() -> None:
    assert steps("d" * (PATIENCE_FIRST["d"] - 1) + "dg" * 10) == 10


def test_a_critic_that_is_brought_up_to_date_on_the_way_is_still_one_step() -> None:
    assert steps("dddddg" * 20 + "d" * 100 + "g" + "dddddg" * 20) == 41


@pytest.mark.parametrize(("a_round", "alone", "of_its_own"), [("dg", "g", 1), ("dg", "d", 1), ("dggggg", "g", 5)])
def test_a_player_that_goes_on_alone_goes_on_in_steps(a_round: str, alone: str, of_its_own: int) -> None:
    late = 400 * of_its_own
    counted = steps(a_round * 31 + alone * (PATIENCE_UPDATES + late))
    assert 31 + 0.9 * late / of_its_own <= counted <= 31 + late / of_its_own + 1


def test_a_player_whose_other_is_never_updated_goes_on_in_steps() -> None:
    assert steps("g" * (PATIENCE_UPDATES + 300)) == 300
    assert steps("d" * (PATIENCE_FIRST["d"] + 300)) == 300


def test_a_game_may_begin_after_a_long_pre_training() -> None:
    assert steps("d" * (PATIENCE_FIRST["d"] + 300) + "gdgd" * 20) == pytest.approx(300 + 40, abs=1)


def test_a_player_that_comes_back_is_counted_as_before() -> None:
    assert steps("dg" * 31 + "g" * 300 + "dg" * 50) == pytest.approx(31 + 200 + 50, abs=2)
