"""What is usual for a signal in its own run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from gandoctor.rules.gradients.own_level import early_level, finite, highest_before, reaching_back, recent
from gandoctor.rules.reading.persistence import Episode
from gandoctor.store import Run
from support.recorded_runs import every_step

MakeRun = Callable[..., Run]


def test_what_is_not_finite_and_what_is_absent_is_left_out(make_run: MakeRun) -> None:
    run = make_run({"g_grad_norm": {1: 1.0, 2: np.nan, 3: np.inf, 4: 2.0}})
    assert finite(run, "g_grad_norm").to_dict() == {1: 1.0, 4: 2.0}
    assert finite(run, "d_grad_norm").empty


def test_early_level_is_the_highest_of_warm_up(make_run: MakeRun) -> None:
    def level(series: dict[int, float]) -> float | None:
        run = make_run({"g_grad_norm": series})  # warm-up ends at step 150 of 1000
        return early_level(run, run["g_grad_norm"])

    assert level(every_step(lambda s: 3.0 if s <= 60 else 0.1)) == 3.0
    assert level(every_step(lambda s: 5.0 if s > 300 else 1.0)) == 1.0
    assert level(every_step(lambda s: 99.0 if s in (40, 80) else 1.0)) == 1.0  # spikes
    assert level(every_step(lambda s: 7.0 if s < 560 else 2.0, start=500)) == 7.0  # recorded from step 500 on
    assert level(every_step(1.0, start=990)) is None


def test_highest_before_looks_so_many_steps_back() -> None:
    level = pd.Series([1.0, 8.0, 2.0, 3.0, 3.0], index=[100, 200, 300, 400, 500])
    assert highest_before(level, 0.5, 200).to_dict() == {100: 0.5, 200: 0.5, 300: 1.0, 400: 8.0, 500: 8.0}
    assert highest_before(level, 4.0, 200).to_dict() == {100: 4.0, 200: 4.0, 300: 4.0, 400: 8.0, 500: 8.0}


def test_reaching_back_to_the_value_itself() -> None:
    episode = Episode(430, 900, ongoing=True)
    holds = pd.Series([s >= 400 for s in range(1, 1001)], index=range(1, 1001))
    assert reaching_back(episode, holds).first_step == 400
    assert reaching_back(episode, holds & False) == episode


def test_recent_is_the_last_hundred_steps(make_run: MakeRun) -> None:
    run = make_run({"g_loss": every_step(lambda s: 1.0 if s < 900 else 2.0)})
    assert recent(run, "g_loss") == pytest.approx(2.0)
    assert recent(run, "d_loss") is None
