"""Monitor: what every monitor is, a Keras callback and a context manager that measures and never judges."""

from __future__ import annotations

import os
import warnings
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import keras

from gandoctor.backends.tensorflow.forward_passes import Probe
from gandoctor.backends.tensorflow.in_graph.taps import StepTrace, Update
from gandoctor.backends.tensorflow.in_graph.train_step import Input
from gandoctor.backends.tensorflow.players.players import find_players
from gandoctor.backends.tensorflow.replicas import stands_by
from gandoctor.errors import GandoctorError
from gandoctor.recording.session import unended_fits as fits
from gandoctor.recording.session.options import MonitorWarning, Options
from gandoctor.recording.session.session import Session
from gandoctor.store import LossFamily, RunWriter

_SESSIONS: weakref.WeakValueDictionary[Path, Session] = weakref.WeakValueDictionary()
_STANDING_BY: set[Path] = set()
"""Run directories that the chief of several workers writes, this process not being it."""


class Monitor(keras.callbacks.Callback):
    """Base of all monitors. A subclass overrides the hooks it needs; `GANMonitor` explains the arguments.

    Hooks, in the order of a step:
        before_step: host; says whether this step's update sizes will be recorded.
        on_input: inside the training graph, for the latents and the real batch of a step; returns scalars to record.
        before_update, after_update: inside the training graph, at each `optimizer.apply`; return scalars to record.
        on_gradients: inside the training graph, between the two, for gradients summed over replicas, as applied.
        after_step: inside the training graph, at the end of `train_step`; returns scalars to record.
        probe: host, every few steps; gets the players' outputs and returns numbers to record.
        after_probe: host, after every part's `probe`; gets the numbers they returned.

    Attributes:
        disabled: Set when a hook failed; the monitor is then left out for the rest of the run.
    """

    def __init__(
        self,
        run_dir: str | os.PathLike[str],
        *,
        generator: Any = None,
        discriminator: Any = None,
        g_optimizer: Any = None,
        d_optimizer: Any = None,
        latent_sampler: Callable[[int], Any] | None = None,
        probe_data: Any = None,
        holdout_data: Any = None,
        loss: LossFamily | None = None,
        real_is_high: bool | None = None,
        overhead_budget: float = 0.02,
        strict: bool = False,
        resume: bool = False,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.options = Options(
            Path(run_dir),
            generator,
            discriminator,
            g_optimizer,
            d_optimizer,
            latent_sampler,
            probe_data,
            holdout_data,
            loss,
            real_is_high,
            overhead_budget,
            strict,
            resume,
            metadata or {},
        )
        self.disabled = False
        self.session: Session | None = None
        self._leads = False
        self._last_batch = -1

    def parts(self) -> list[Monitor]:
        """The monitors whose hooks run; a composite returns its own list."""
        return [self]

    def attached(self, session: Session) -> None:
        """Called once when recording begins, outside any graph."""

    def before_step(self, measured: bool) -> None:
        """Called on the host before a step."""

    def on_input(self, kind: Input, value: Any) -> dict[str, Any]:
        """Called in the graph with what the generator or the step is given."""
        return {}

    def before_update(self, update: Update) -> dict[str, Any]:
        """Called in the graph before an optimizer applies gradients."""
        return {}

    def on_gradients(self, update: Update) -> dict[str, Any]:
        """Called in the graph with the gradients that are applied; those of `before_update` are one replica's."""
        return {}

    def after_update(self, update: Update) -> dict[str, Any]:
        """Called in the graph after an optimizer has applied gradients."""
        return {}

    def after_step(self, trace: StepTrace) -> dict[str, Any]:
        """Called in the graph at the end of a step."""
        return {}

    def probe(self, step: int, probe: Probe | None) -> dict[str, float]:
        """Called on the host at a probe; `probe` is None where the players cannot be run."""
        return {}

    def after_probe(self, step: int, values: Mapping[str, float]) -> None:
        """Called on the host when every part has read a probe, with all that will be recorded of it."""

    # Keras callback. ------------------------------------------------------------------------------------------

    def set_model(self, model: Any) -> None:
        """Attach before Keras traces the train function: after that, nothing would be captured."""
        super().set_model(model)
        self._open(model)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start recording, or go on after an earlier `fit`."""
        if self.session is None or not self._leads:
            return
        fits.begun(self.session)
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        self.session.start(epochs * steps if epochs and steps else None)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keras counts batches anew each epoch; the session counts steps."""
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count the steps of this batch; `batch` skips where several steps run in one execution."""
        if self.session is not None and self._leads:
            if fits.was_given_up(self.session):
                self.session.start()
            self.session.end_step(batch - self._last_batch)
            self._last_batch = batch

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Record that `fit` returned, as planned or stopped early."""
        if self.session is not None and self._leads:
            fits.ended(self.session)
            planned = self.session.manifest.planned_steps
            early = planned is not None and self.session.step < planned
            self.close("stopped" if early else "completed")

    # Context manager for hand-written loops. ------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._open(None)
        if self.session is not None:
            self.session.start()
        return self

    def step(self, **scalars: Any) -> None:
        """Tell the monitor that one training step is done.

        Args:
            scalars: Values of this step by name, e.g. `d_loss=..., g_loss=...`; tensors stay on the device for now.
        """
        if self.session is not None:
            self.session.step_log.commit()
            self.session.end_step(1, scalars)

    def close(self, reason: str = "completed", **fields: Any) -> None:
        """End the recording; safe to call twice.

        Args:
            reason: "completed", "stopped", "interrupted" or "crashed".
            fields: Kept with the event, e.g. `error="..."`.
        """
        if self.session is not None:
            self.session.close(reason, **fields)
            _SESSIONS.pop(self._key, None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.session is None:
            return
        if kind is None:
            self.close("completed")
        elif issubclass(kind, KeyboardInterrupt):
            self.close("interrupted")
        else:
            self.close("crashed", error=repr(error))
        self.session.detach()

    # ----------------------------------------------------------------------------------------------------------

    @property
    def _key(self) -> Path:
        return self.options.run_dir.resolve()

    def _open(self, model: Any | None) -> None:
        """Create the session of this run directory, or join the one another monitor has created."""
        if model is not None:
            fits.about_to_begin()
        if self.session is not None:
            if self._leads and model is not None:
                self._attach_again(self.session, model)
            return
        if stands_by(model, self.options.generator, self.options.discriminator):
            _STANDING_BY.add(self._key)
            return
        try:
            session = _SESSIONS.get(self._key)
            if session is None or session.is_closing:
                session = _SESSIONS[self._key] = Session(self.options, model)
                weakref.finalize(session, _give_up, session.writer, os.getpid())
                self._leads = True
        except Exception as error:
            if self.options.strict:
                raise
            warnings.warn(f"gandoctor records nothing: {error}", MonitorWarning, stacklevel=3)
            return
        self.session = session
        for part in self.parts():
            part.session = session
            session.add(part)

    def _attach_again(self, session: Session, model: Any) -> None:
        """Go on with the GAN of an earlier fit; another one would be recorded as if it were that."""
        try:
            found = find_players(model, self.options.generator, self.options.discriminator)
            if found.generator is not session.players.generator:
                raise GandoctorError("this monitor has recorded another GAN; give this one a monitor of its own.")
        except GandoctorError as error:
            self._leads = False
            if self.options.strict:
                raise
            warnings.warn(f"gandoctor records nothing: {error}", MonitorWarning, stacklevel=4)
            return
        session.taps.attach(model)
        _SESSIONS[self._key] = session


def _give_up(writer: RunWriter, process: int) -> None:
    """End a recording that nobody has ended, when it is forgotten or its process comes to its end."""
    if writer.is_open and os.getpid() == process:
        with suppress(OSError):
            writer.close("interrupted")
