"""A snapshot: everything a view draws of a run at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from gandoctor.diagnosis import Diagnosis
from gandoctor.diagnosis.reference import Columns
from gandoctor.message import Message
from gandoctor.store.run import RunState


@dataclass(frozen=True)
class Preview:
    """Generated images of one step: uint8, (n, height, width, 1 or 3); beside them real ones, if there are any."""

    step: int
    images: np.ndarray
    reals: np.ndarray | None = None


@dataclass(frozen=True)
class Snapshot:
    """Everything a view draws.

    Attributes:
        run_dir: The run directory.
        state: How the run stands.
        step: Last recorded step; planned_steps: steps in all, or None.
        elapsed_s: Seconds since the run was begun, until now or until its last record; None where that is not known.
        steps_per_second: Over the last 30 seconds of records, the first steps left out; None before it is known.
        seconds_left: Until the planned steps are reached at that rate; None when not running.
        silent_s: Seconds since the last record; 0 before the first.
        traces: Whether the framework traces or compiles the first step before it is recorded.
        diagnosis: The latest, perhaps a few seconds old; None before the first.
        warm_up_end: First step at which symptoms are judged.
        curves: Signal -> recorded values in order of step, for the signals to be shown that were recorded.
        steps: Signal in `curves` -> the steps of its values.
        targets: Signal -> the value to compare it with: a loss at equilibrium, what real data score.
        preview: The newest readable contact sheet's images, or None.
        columns: The newest samples beside the real data where those are vectors or series, or None.
        lost: What of the recording is lost; see `Run.lost`.
        games: Name -> what there is to show of each game, where a run has several; it has no curves of its own then.
    """

    run_dir: Path
    state: RunState
    step: int
    planned_steps: int | None = None
    elapsed_s: float | None = None
    steps_per_second: float | None = None
    seconds_left: float | None = None
    silent_s: float = 0.0
    traces: bool = False
    loss_family: str | None = None
    seed: int | None = None
    diagnosis: Diagnosis | None = None
    warm_up_end: int = 0
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    targets: dict[str, float] = field(default_factory=dict)
    preview: Preview | None = None
    columns: Columns | None = None
    lost: tuple[Message, ...] = ()
    games: Mapping[str, Snapshot] = field(default_factory=dict)

    @property
    def in_warm_up(self) -> bool:
        """Tell whether symptom rules are still waiting for the end of warm-up."""
        return self.state == "running" and 0 < self.step < self.warm_up_end
