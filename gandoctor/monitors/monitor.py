"""Monitor: a Keras callback and context manager that opens a session with instruments. It measures and never judges."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from gandoctor.backends import BackendClass, backend_for
from gandoctor.errors import GandoctorError
from gandoctor.loss_families import LossFamily
from gandoctor.message import Message
from gandoctor.monitors.callback import TrainingCallback
from gandoctor.recording.instrument import MakeInstrument
from gandoctor.recording.session import unended_fits as fits
from gandoctor.recording.session.options import Options, checked_steps
from gandoctor.recording.session.session import Session
from gandoctor.recording.warning import warn
from gandoctor.store import RunWriter
from gandoctor.store.games import checked_name, run_of_game

SESSIONS: weakref.WeakValueDictionary[Path, Session] = weakref.WeakValueDictionary()
"""Run directory -> the session that records to it in this process."""
STANDING_BY: set[Path] = set()
"""Run directories that the chief of several workers writes, this process not being it."""


class Monitor(TrainingCallback):
    """Base of all monitors; `GANMonitor` explains the arguments.

    Attributes:
        instruments: What a session is opened with.
        options: What was passed.
        session: The recording, once it has begun; None where nothing is recorded.
    """

    instruments: ClassVar[tuple[MakeInstrument, ...]] = ()

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
        embedding: Callable[[Any], Any] | None = None,
        loss: LossFamily | None = None,
        real_is_high: bool | None = None,
        declared: Mapping[str, Any] | None = None,
        overhead_budget: float = 0.02,
        strict: bool = False,
        resume: bool = False,
        metadata: Mapping[str, Any] | None = None,
        snapshots: int | None = None,
        duality_gap_at: Sequence[int] = (),
        game: str | None = None,
    ) -> None:
        super().__init__()
        self.options = Options(
            run_dir=Path(run_dir),
            generator=generator,
            discriminator=discriminator,
            g_optimizer=g_optimizer,
            d_optimizer=d_optimizer,
            latent_sampler=latent_sampler,
            probe_data=probe_data,
            holdout_data=holdout_data,
            embedding=embedding,
            loss=loss,
            real_is_high=real_is_high,
            declared=declared,
            overhead_budget=overhead_budget,
            strict=strict,
            resume=resume,
            metadata=metadata or {},
            snapshots=snapshots,
            duality_gap_at=checked_steps(duality_gap_at),
            game=None if game is None else checked_name(game),
        )
        self.session: Session | None = None
        self._leads = False
        self._thread = 0
        self._last_batch = -1
        self._entered_at = 0

    # Keras callback. ------------------------------------------------------------------------------------------

    def set_model(self, model: Any) -> None:
        """Attach before Keras traces the train function: after that, nothing would be captured."""
        super().set_model(model)
        self._open(model)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Start recording, or go on after an earlier `fit`."""
        if self.session is None or not self._leads:
            return
        self._thread = threading.get_ident()
        fits.begun(self.session)
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        self.session.start(epochs * steps if epochs and steps else None)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keras counts batches anew each epoch; the session counts steps."""
        self._last_batch = -1
        if self.session is not None and self._leads:
            self.session.begin_epoch()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Count the steps of this batch; `batch` skips where several steps run in one execution."""
        if self.session is not None and self._leads:
            if threading.get_ident() != self._thread:
                self._end_in_other_thread()
                return
            if fits.was_given_up(self.session):
                self.session.start()
            self.session.end_fit_steps(batch - self._last_batch, logs)
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
        self.options = replace(self.options, observe_loop=True)
        self._open(None)
        if self.session is not None:
            self.session.start()
            self._entered_at = self.session.step
        return self

    def step(self, /, **scalars: Any) -> None:
        """Tell the monitor that one training step is done.

        Args:
            scalars: Values of this step by name, e.g. `d_loss=..., g_loss=...`; tensors stay on the device for now.
                None means absent in this step. A value that is no number, and the names "step" and "time", are left
                out with one warning a name.
        """
        if self.session is not None:
            self.session.end_own_step(scalars)

    def close(self, reason: str = "completed", **fields: Any) -> None:
        """End the recording; safe to call twice.

        Args:
            reason: "completed", "stopped", "interrupted" or "crashed".
            fields: Kept with the event, e.g. `error="..."`.
        """
        if self.session is not None:
            self.session.close(reason, **fields)
            SESSIONS.pop(self._key, None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self.session is None:
            return
        raised = kind is not None and not issubclass(kind, KeyboardInterrupt)
        no_step = self.session.step == self._entered_at and not (self.session.is_closing or raised)
        why = self.session.note_no_step() if no_step else None
        if kind is None:
            self.close("completed")
        elif issubclass(kind, KeyboardInterrupt):
            self.close("interrupted")
        else:
            self.close("crashed", error=repr(error))
        self.session.detach()
        if why is not None:
            warn(why)

    @property
    def recorded_in(self) -> Path | None:
        """The run directory that is written to, of one of several games that of their run; None where none is."""
        if self.session is None:
            return None
        path = self.session.writer.path
        return path if self.options.game is None else run_of_game(path)

    # ----------------------------------------------------------------------------------------------------------

    @property
    def _key(self) -> Path:
        return self.options.directory.resolve()

    def _open(self, model: Any | None) -> None:
        """Create the session of this run directory, or join the one another monitor has created."""
        if model is not None:
            fits.about_to_begin()
        if self.session is not None:
            if self._leads and model is not None:
                self._attach_again(self.session, model)
            return
        try:
            session = self._opened(model)
        except Exception as error:
            if self.options.strict:
                raise
            _records_nothing(error)
            return
        if session is not None:
            self.session = session
            for make in self.instruments:
                session.add(make)

    def _opened(self, model: Any | None) -> Session | None:
        """Return the session to record with; None where another process records."""
        options = self.options
        backend_class = backend_for(model, options.generator, options.discriminator)
        if backend_class.stands_by(model, options.generator, options.discriminator):
            STANDING_BY.add(self._key)
            return None
        session = SESSIONS.get(self._key)
        if session is None or session.is_closing:
            session = SESSIONS[self._key] = self._new_session(backend_class, model)
            self._leads = True
        return session

    def _end_in_other_thread(self) -> None:
        """Record no more, as steps are told while training goes on: what is read then belongs to no step.

        Raises:
            GandoctorError: `strict` was asked for.
        """
        self._leads = False
        error = GandoctorError(
            "Keras calls this monitor in another thread, while training goes on. Pass callbacks as a list: [...]."
        )
        if self.options.strict:
            raise error
        _records_nothing(error)

    def _new_session(self, backend_class: BackendClass, model: Any | None) -> Session:
        session = Session(self.options, backend_class(self.options, model))
        weakref.finalize(session, _give_up, session.writer, os.getpid())
        return session

    def _attach_again(self, session: Session, model: Any) -> None:
        """Go on with the GAN of an earlier fit; another one would be recorded as if it were that."""
        try:
            session.backend.attach_again(model)
        except GandoctorError as error:
            self._leads = False
            if self.options.strict:
                raise
            _records_nothing(error)
            return
        SESSIONS[self._key] = session


def _records_nothing(error: Exception) -> None:
    warn(Message("gandoctor records nothing: {error}", error=str(error)), stacklevel=5)


def _give_up(writer: RunWriter, process: int) -> None:
    """End a recording that is still open when its session is garbage-collected or the process exits."""
    if writer.is_open and os.getpid() == process:
        with suppress(OSError):
            writer.close("interrupted")
