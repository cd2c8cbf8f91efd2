"""Whether real batches repeat: within a batch, from step to step, in turns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from recorded_runs import digits, every_step

from gandoctor.rules import Status, find_rule
from gandoctor.rules.reading.real_batches import batches_repeat
from gandoctor.store import Run, load_run

MakeRun = Callable[..., Run]
Signals = dict[str, dict[int, float]]
RNG = np.random.default_rng(0)


def batches(mean: Callable[[int], float], spread: float = 0.2, latents: float = 0.6) -> Signals:
    return {"real_mean": every_step(mean), "real_spread": every_step(spread), "latent_spread": every_step(latents)}


def fresh(step: int) -> float:
    return float(RNG.normal(0.13, 0.01))


@pytest.mark.parametrize(
    ("signals", "repeat"),
    [
        (batches(fresh), False),
        (batches(lambda s: 0.13), True),
        (batches(lambda s: 0.1 + 0.01 * (s % 4)), True),
        (batches(lambda s: 0.1 + 0.01 * (s % 5)), False),
        (batches(fresh, spread=0.0), True),
        (batches(fresh, spread=0.0, latents=0.0), False),
        ({}, None),
    ],
    ids=["fresh", "one-batch", "four-in-turns", "five-in-turns", "one-image-a-batch", "batches-of-one", "not-seen"],
)
def test_as_degenerate_real_data_sees_them(make_run: MakeRun, signals: Signals, repeat: bool | None) -> None:
    run = make_run(signals)
    assert batches_repeat(run) is repeat
    status = {True: Status.DETECTED, False: Status.NOT_DETECTED, None: Status.NOT_EVALUATED}[repeat]
    assert find_rule("GD009").evaluate(run).status is status


def test_all_stored_reals_are_one_image(make_run: MakeRun) -> None:
    run = make_run(batches(fresh), real_count=0)
    np.savez_compressed(run.path / "samples" / "reals.npz", reals=np.repeat(digits()[:1], 64, axis=0))
    assert batches_repeat(load_run(run.path)) is True
