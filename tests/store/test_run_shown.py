"""How a run shows itself: a line, a few facts in a notebook, and the nearest name of a mistyped signal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gandoctor.store import Manifest, Run, RunWriter, load_run
from support.recorded_runs import every_step


def test_repr_is_one_short_line() -> None:
    run = Run.from_signals({"d_loss": every_step(0.5, stop=9), "g_loss": every_step(1.0, stop=9)})
    assert repr(run) == "<Run memory: completed, 9 steps, 2 signals>"


def test_a_mistyped_signal_names_the_nearest() -> None:
    run = Run.from_signals({"d_loss": {1: 0.5}, "g_grad_norm": {1: 1.0}})
    with pytest.raises(KeyError, match="Did you mean 'g_grad_norm'\\?"):
        run["g_gradnorm"]
    with pytest.raises(KeyError) as unlike:
        run["zzz"]
    assert "Did you mean" not in str(unlike.value)
    assert "d_loss" in str(unlike.value)


def test_a_family_is_listed_as_one() -> None:
    run = Run.from_signals({"d_loss": {1: 0.5}, **{f"g_layer_grad_norm/conv_{n}": {1: 1.0} for n in range(9)}})
    with pytest.raises(KeyError) as unlike:
        run["zzz"]
    assert "Recorded: d_loss, g_layer_grad_norm/...." in str(unlike.value)


def test_a_run_is_gone_through_by_the_names_that_an_editor_completes() -> None:
    run = Run.from_signals({"d_loss": {1: 0.5}, "g_loss": {1: 1.0}})
    assert list(run) == run._ipython_key_completions_() == ["d_loss", "g_loss"]


def test_a_notebook_shows_facts_and_the_newest_samples(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "a", Manifest(loss_family="hinge", seed=3, planned_steps=9))
    writer.record(1, {"d_loss": 0.5})
    writer.samples(1, np.zeros((8, 28, 28, 1), np.uint8), np.zeros((4, 28, 28, 1), np.uint8))
    writer.close("completed")
    shown = load_run(tmp_path / "a")._repr_html_()
    for part in ("completed, step 1 of 9", "hinge", "d_loss", "data:image/png;base64,", "Samples at step 1"):
        assert part in shown


def test_a_notebook_shows_no_markup_of_the_run(run_of: Callable[..., Run]) -> None:
    shown = run_of([{"<b>x": 1.0}], target="<script>alert(1)</script>\u202e")._repr_html_()
    assert "<script" not in shown
    assert "<b>x" not in shown
    assert "\u202e" not in shown
