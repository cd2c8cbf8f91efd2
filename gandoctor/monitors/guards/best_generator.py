"""BestGenerator: keep the generator's weights of the best probe, since a GAN often gets worse after it was good."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from gandoctor.errors import GandoctorError
from gandoctor.message import Message
from gandoctor.monitors.callback import TrainingCallback
from gandoctor.monitors.guards.where import Where, is_recorded_elsewhere, open_session, run_dir_of
from gandoctor.recording.instrument import Instrument, Recording
from gandoctor.recording.session.session import Session
from gandoctor.recording.warning import warn
from gandoctor.signals import SIGNALS
from gandoctor.store import Run, load_run
from gandoctor.store.atomic import replacing

WEIGHTS_NAME = "best_generator.weights.h5"
Mode = Literal["min", "max"]

_MODES: dict[str, Mode] = {"sample_kid": "min", "sample_coverage": "max"}


class BestGenerator(TrainingCallback):
    """Saves the generator's weights at every probe whose samples are the best so far.

    As a Keras callback, beside the monitor and in any order::

        monitor = GANMonitor("runs/a", probe_data=x_real[:512])
        gan.fit(dataset, callbacks=[monitor, BestGenerator(monitor)])

    In a hand-written loop: `with GANMonitor(...) as monitor, BestGenerator(monitor): ...`. Afterwards
    `generator.load_weights("runs/a/best_generator.weights.h5")`.

    Only probes after training has begun count. Of equal values the earliest is kept; NaN and infinity never are. The
    file is replaced atomically and each replacement is a `checkpoint` event in the run, from which a new instance on
    the same directory knows the best so far. Of several workers that train together the chief saves. Saving counts as
    cost of the probe it belongs to, so that the overhead budget covers it.

    Args:
        run_dir_or_monitor: The monitor that records this training, or its run directory.
        path: File to write, ending in ".weights.h5". Defaults to `best_generator.weights.h5` in the run directory.
        metric: A signal recorded at probes. Defaults to the kernel distance to the real data, which needs the
            monitor's `probe_data`.
        mode: "min" if less is better, "max" if more is. Defaults to what is right for `sample_kid` and
            `sample_coverage`; for another metric it must be said.
        start_from_probe: Probes of the run before this one (1 is the first) are never kept: the statistics of an
            untrained generator mean little. Defaults to 3.

    Attributes:
        best: The metric's best value, or None before the first.
        best_step: The step it was measured at.

    Raises:
        GandoctorError: The metric is unknown, its mode is not, or the path does not end in ".weights.h5".
    """

    def __init__(
        self,
        run_dir_or_monitor: Where,
        path: str | os.PathLike[str] | None = None,
        metric: str = "sample_kid",
        mode: Mode | None = None,
        start_from_probe: int = 3,
    ) -> None:
        super().__init__()
        if metric not in SIGNALS or SIGNALS[metric].cadence != "probe":
            known = ", ".join(name for name, signal in SIGNALS.items() if signal.cadence == "probe")
            raise GandoctorError(f"metric={metric!r} is not recorded at probes. Use one of {known}.")
        if mode is None and metric not in _MODES:
            raise GandoctorError(f'Whether less or more {metric} is better is not known: pass mode="min" or "max".')
        if path is not None and not str(path).endswith(".weights.h5"):
            raise GandoctorError(f'path must end in ".weights.h5", as Keras asks of weight files; found {path}.')
        self.metric = metric
        self.mode: Mode = mode or _MODES[metric]
        self.start_from_probe = start_from_probe
        self.best: float | None = None
        self.best_step: int | None = None
        self.session: Session | None = None
        self._where = run_dir_or_monitor
        self._given_path = None if path is None else Path(path)
        self._probes = 0
        self._told_absent = False
        self._join()

    @property
    def path(self) -> Path:
        """The weight file."""
        run_dir = run_dir_of(self._where) if self.session is None else self.session.writer.path
        return self._given_path or run_dir / WEIGHTS_NAME

    # It joins a session instead of opening one: whoever opens it decides what is recorded. ---------------------

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Join the monitor's session, which may begin later than this callback is told of the model."""
        self._join()
        if self.session is None and not is_recorded_elsewhere(self._where):
            nobody = Message(
                "gandoctor: BestGenerator keeps nothing: no monitor records to {run_dir}. "
                "Add a GANMonitor to the callbacks.",
                run_dir=str(run_dir_of(self._where)),
            )
            warn(nobody)

    def __enter__(self) -> Self:
        self.on_train_begin()
        return self

    def __exit__(self, *_: object) -> None:
        """The monitor closes the run."""

    def _join(self) -> None:
        session = open_session(self._where)
        if session is None or session is self.session:
            return
        self.session = session
        session.join(_Probes(session, self))
        self._remember(load_run(session.writer.path))

    def _remember(self, run: Run) -> None:
        """Take up the best so far of a run that is resumed."""
        self.best = self.best_step = None
        self._probes = int((run[self.metric].index > 0).sum()) if self.metric in run else 0
        if not self.path.exists():
            return
        for event in run.events:
            fields = event.model_extra or {}
            value = fields.get("value")
            ours = event.kind == "checkpoint" and fields.get("metric") == self.metric
            if ours and fields.get("path") == self._recorded_path(run.path) and isinstance(value, int | float):
                self.best, self.best_step = float(value), event.step

    # -----------------------------------------------------------------------------------------------------------

    def take(self, session: Recording, step: int, values: Mapping[str, float]) -> None:
        """Save the weights if this probe is the best so far.

        Args:
            session: Whose probe it is.
            step: Completed training steps.
            values: What the probe has measured.
        """
        if step == 0:
            return
        value = values.get(self.metric)
        if value is None:
            self._say_absent(session, step)
            return
        self._probes += 1
        if self._probes < self.start_from_probe or not math.isfinite(value) or not self._better(value):
            return
        self._save(session)
        self.best, self.best_step = value, step
        session.writer.event(
            "checkpoint",
            step,
            keeper=type(self).__name__,
            metric=self.metric,
            value=value,
            mode=self.mode,
            path=self._recorded_path(session.writer.path),
        )

    def _better(self, value: float) -> bool:
        if self.best is None:
            return True
        return value < self.best if self.mode == "min" else value > self.best

    def _save(self, session: Recording) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as temporary:
            session.backend.save_weights("g", temporary)

    def _recorded_path(self, run_dir: Path) -> str:
        return str(self.path.relative_to(run_dir) if self._given_path is None else self.path)

    def _say_absent(self, session: Recording, step: int) -> None:
        if self._told_absent:
            return
        self._told_absent = True
        absence = session.absence(self.metric)
        text = Message(
            "BestGenerator keeps nothing while {metric} is not recorded: {why}",
            metric=self.metric,
            why=Message("the probe did not return it") if absence is None else absence.message,
        )
        session.warn(Message("gandoctor: {text}", text=text))
        session.writer.event("monitor_warning", step, monitor=type(self).__name__, message=str(text))


class _Probes(Instrument):
    """Hands a session's probes to a BestGenerator."""

    name = "BestGenerator"

    def __init__(self, recording: Recording, keeper: BestGenerator) -> None:
        super().__init__(recording)
        self._keeper = keeper

    def after_probe(self, step: int, values: Mapping[str, float]) -> None:
        """Have the probe judged."""
        self._keeper.take(self.recording, step, values)
