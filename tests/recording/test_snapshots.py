"""When snapshots are taken, and which are kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gandoctor.errors import GandoctorError
from gandoctor.recording.session.snapshots import Snapshots
from gandoctor.store.snapshots import snapshots_of


def session(run_dir: Path, step: int = 0) -> Any:
    state = SimpleNamespace(arrays=lambda step: {"step": np.array(step)})
    backend = SimpleNamespace(training_state=lambda: state)
    return SimpleNamespace(
        step=step, first_step=step, is_closing=False, backend=backend, writer=SimpleNamespace(path=run_dir)
    )


def take(run_dir: Path, every: int, last: int, by: int = 1, first: int = 0) -> list[int]:
    one = session(run_dir, first)
    snapshots = Snapshots(every, one)
    while one.step < last:
        one.step += by
        snapshots.step_ended()
    one.is_closing = True
    snapshots.step_ended()
    return snapshots_of(run_dir)


def test_at_most_ten_are_kept_evenly_spread(tmp_path: Path) -> None:
    assert take(tmp_path, 3, 32) == [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]
    assert take(tmp_path, 3, 33, first=32) == [6, 12, 18, 24, 30], "every second, and this one is none of them"
    assert take(tmp_path, 6, 100, first=33) == [12, 24, 36, 48, 60, 72, 84, 96]


def test_steps_may_be_counted_several_at_a_time(tmp_path: Path) -> None:
    assert take(tmp_path, 10, 48, by=4) == [12, 20, 32, 40]


def test_no_number_of_steps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GandoctorError, match="snapshots=0 is no number of steps"):
        Snapshots(0, session(tmp_path))
