"""What a study says: paired by seed, a direction below five seeds, an interval from five on, no winner in the noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from gandoctor.comparison.study import BASE, Arm, Study, Trained, is_hopeless, log_ratios, studied
from gandoctor.store import Run

ARM = Arm("rate", "0.1")
Curve = Callable[[int], float]


def run(level: float | Curve, steps: int = 400) -> Run:
    of = level if callable(level) else lambda step: level
    return Run.from_signals({"sample_kid": {step: of(step) for step in range(10, steps + 1, 10)}})


def trained(arm: Arm, runs: Mapping[int, Run]) -> list[Trained]:
    return [Trained(arm, seed, Path("x"), "finished", one.last_step, 1.0, run=one) for seed, one in runs.items()]


def study(base: list[float], arm: list[float], looks: tuple[int, ...] = ()) -> Study:
    of_base, own = ({seed: run(v) for seed, v in enumerate(values)} for values in (base, arm))
    return studied("x", [ARM], [*trained(BASE, of_base), *trained(ARM, own)], looks)


def said(base: list[float], arm: list[float]) -> str:
    return str(study(base, arm).effects[0].conclusion)


def test_runs_are_paired_by_seed() -> None:
    """Seeds differ by ten times, the change by a half: unpaired, that would be nothing."""
    (effect,) = study([1.0, 10.0, 0.1], [0.5, 5.0, 0.05]).effects
    assert list(effect.ratios.values()) == pytest.approx([math.log(0.5)] * 3)


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ([0.5, 0.6, 0.7], "direction only: better in each of 3 seeds"),
        ([2.0, 1.5, 1.2], "direction only: worse in each of 3 seeds"),
        ([0.1, 0.1, 1.01], "inside the noise: better in 2 and worse in 1 of 3"),
        ([1.0, 1.0, 1.0], "the base's own value"),
    ],
)
def test_below_five_seeds_there_is_no_winner(arm: list[float], words: str) -> None:
    assert words in said([1.0, 1.0, 1.0], arm)
    assert study([1.0] * 3, arm).effects[0].interval is None


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ([0.5, 0.55, 0.6, 0.5, 0.52], "better: "),
        ([2.0, 1.9, 2.1, 2.2, 2.0], "worse: "),
        ([0.5, 1.4, 0.7, 1.3, 0.9], "inside the noise: "),
    ],
)
def test_from_five_seeds_on_the_interval_decides(arm: list[float], words: str) -> None:
    assert said([1.0] * 5, arm).startswith(words)


def test_the_interval_is_students_and_widens_with_the_number_of_changes() -> None:
    values = [0.8, 0.9, 0.7, 0.85, 0.95, 0.6]
    (effect,) = study([1.0] * 6, values).effects
    known = ttest_1samp(np.log(values), 0.0).confidence_interval(0.95)
    assert effect.interval == pytest.approx((known.low, known.high))
    other = Arm("rate", "0.2")
    runs = [t for arm, v in ((BASE, 1.0), (other, 1.0)) for t in trained(arm, {s: run(v) for s in range(6)})]
    runs += trained(ARM, {seed: run(value) for seed, value in enumerate(values)})
    of_two = studied("x", [ARM, other], runs, ()).effects[0].interval
    assert of_two is not None
    assert of_two[0] < known.low < known.high < of_two[1]


def test_a_run_that_ended_early_is_compared_where_it_ended() -> None:
    falling: Curve = lambda step: 1.0 if step <= 200 else 0.1  # noqa: E731
    assert log_ratios({1: run(2.0, 200)}, {1: run(falling)}, "sample_kid", None) == {1: pytest.approx(math.log(2.0))}
    assert log_ratios({1: run(2.0, 200)}, {1: run(falling)}, "sample_kid", 300) == {}


def test_looks_compare_what_was_recorded_up_to_there() -> None:
    falling: Curve = lambda step: 1.0 if step <= 200 else 0.1  # noqa: E731
    runs = [*trained(BASE, {0: run(falling)}), *trained(ARM, {0: run(1.0)})]
    (effect,) = studied("x", [ARM], runs, (200, 400, 900)).effects
    assert effect.at == {200: {0: pytest.approx(0.0)}, 400: {0: pytest.approx(math.log(10))}}


@pytest.mark.parametrize(
    ("base", "own", "hopeless"),
    [
        ([1.0, 1.2], [1.5, 1.6], True),  # beyond 1.2 + (1.2 - 1.0)
        ([1.0, 1.2], [1.3, 1.6], False),  # one seed within
        ([1.0, 1.2], [1.5, 0.9], False),
        ([1.0], [9.0, 9.0], False),  # one seed of the base has no range
        ([1.0, 1.2], [], False),
    ],
)
def test_only_what_is_worse_with_every_seed_is_hopeless(base: list[float], own: list[float], hopeless: bool) -> None:
    runs = [{seed: run(value) for seed, value in enumerate(values)} for values in (own, base)]
    assert is_hopeless(*runs, "sample_kid", 300) is hopeless
    assert not is_hopeless(*runs, "sample_kid", 500), "they have not come so far"


def test_runs_without_a_quality_are_told_of() -> None:
    bare = Run.from_signals({"d_loss": {1: 0.6}})
    found = studied("x", [ARM], [*trained(BASE, {0: bare}), *trained(ARM, {0: bare})], ())
    assert found.signal is None
    assert "No run measured the quality" in str(found.notes[0])
    assert "not compared" in str(found.effects[0].conclusion)


def test_what_was_not_trained_is_told_once_for_all_seeds() -> None:
    left = [Trained(ARM, seed, Path("x"), "not trained", note="out of bounds") for seed in (1, 2)]
    found = studied("x", [ARM], [*trained(BASE, {1: run(1.0), 2: run(1.0)}), *left], ())
    assert [str(note) for note in found.notes][1:] == ["rate=0.1, seed 1, 2: out of bounds"]
    assert found.runs == 2
