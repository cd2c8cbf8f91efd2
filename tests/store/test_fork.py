"""A fork begins with the record of another run up to a step, and goes on as its own."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gandoctor.store import Manifest, RunWriter, load_run
from gandoctor.store.fork import fork

REALS = np.zeros((8, 4, 4, 1), np.uint8)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    writer = RunWriter(tmp_path / "run", Manifest(planned_steps=60))
    writer.reals(REALS)
    for step in range(1, 61):
        row: dict[str, float | None] = {"d_loss": math.nan if step == 7 else 1.0 / step, "g_loss": None}
        if step % 10 == 0:
            row["sample_kid"] = float(step)
            writer.samples(step, REALS + step)
            writer.flush()
        writer.record(step, row)
    writer.event("monitor_warning", 12, monitor="x", message="y")
    writer.event("checkpoint", 15, path="best.weights.h5")
    writer.event("monitor_warning", 45, monitor="x", message="z")
    writer.close("completed")
    return tmp_path / "run"


def test_it_holds_what_was_recorded_up_to_the_step_and_goes_on(run_dir: Path, tmp_path: Path) -> None:
    run = load_run(run_dir)
    fork(run, 40, tmp_path / "fork")
    forked = load_run(tmp_path / "fork")
    pd.testing.assert_frame_equal(forked.signals, run.until(40).signals[forked.signals.columns])
    assert math.isnan(forked["d_loss"][7])
    assert [sheet.step for sheet in forked.sheets] == [10, 20, 30, 40]
    assert forked.reals is not None
    assert [(event.kind, event.step) for event in forked.events] == [
        ("started", 0),
        ("monitor_warning", 12),
        ("forked", 40),
    ]
    assert forked.events[0].time == run.events[0].time
    assert (forked.state, forked.gaps) == ("interrupted", [])

    writer = RunWriter(tmp_path / "fork", Manifest(planned_steps=60), resume=True)
    assert writer.last_step == 40
    writer.record(41, {"d_loss": 2.0})
    writer.close("completed")
    ended = load_run(tmp_path / "fork")
    assert (ended.last_step, ended.state, ended.gaps) == (41, "completed", [])
    assert len(ended["d_loss"]) == 41
    assert load_run(run_dir).last_step == 60
