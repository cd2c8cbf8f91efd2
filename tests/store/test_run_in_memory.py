"""Runs without a directory, and runs as they stood at an earlier step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gandoctor.store import Manifest, Run, RunWriter, load_run


def test_signals_given_are_signals_recorded() -> None:
    run = Run.from_signals({"d_loss": {1: 0.5, 2: 0.6}, "g_loss": {2: float("nan")}, "nothing": {}})
    assert (run.state, run.last_step, run.names) == ("completed", 2, ["d_loss", "g_loss"])
    assert run["d_loss"].to_dict() == {1: 0.5, 2: 0.6}
    assert np.isnan(run["g_loss"].loc[2])
    assert run.signals["g_loss"].isna().to_dict() == {1: True, 2: False}
    assert "nothing" not in run
    assert (run.sheets, run.reals, run.gaps) == ([], None, [])
    assert run.refresh() is False
    with pytest.raises(KeyError, match="was not recorded"):
        run["nothing"]


def test_manifest_and_reals_are_those_given() -> None:
    reals = np.zeros((4, 8, 8, 1), np.uint8)
    run = Run.from_signals({"d_loss": {1: 0.5}}, Manifest(loss_family="hinge"), reals=reals)
    assert run.manifest.loss_family == "hinge"
    assert run.reals is reals


def test_an_earlier_state_forgets_what_came_later() -> None:
    run = Run.from_signals({"d_loss": {s: float(s) for s in range(1, 11)}, "late": {9: 1.0}})
    earlier = run.until(5)
    assert (earlier.last_step, earlier.state, earlier.names) == (5, "running", ["d_loss"])
    assert len(earlier.signals) == 5
    assert earlier.refresh() is False
    assert (run.last_step, run.names) == (10, ["d_loss", "late"])


def test_an_earlier_state_may_be_read_while_the_run_grows(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", Manifest())
    writer.record(1, {"d_loss": 0.5})
    writer.flush()
    run = load_run(writer.path)
    earlier = run.until(1)
    segments = iter(earlier._segments.items())
    next(segments)
    (writer.path / "signals" / "0001.arrows").write_bytes(b"")
    run.refresh()
    assert list(segments) == [], "a thread that goes through it is not disturbed"
    writer.close("completed")
