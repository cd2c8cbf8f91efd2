"""Containment: a failure of the recording is one warning and one event, and never reaches training."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from threadpoolctl import ThreadpoolController

from gandoctor.message import Message
from gandoctor.recording.instrument import Instrument
from gandoctor.recording.warning import warn
from gandoctor.store import RunWriter


class Containment:
    """Keeps failures away from training.

    Args:
        writer: Gets an event for each.
        strict: Whether failures are raised all the same.

    Attributes:
        step: Completed training steps, for the events.
    """

    def __init__(self, writer: RunWriter, strict: bool) -> None:
        self.step = 0
        self._writer = writer
        self._strict = strict
        self._warned: set[type[Exception]] = set()
        self._threads = ThreadpoolController()

    @contextmanager
    def contained(self, instrument: Instrument | None = None) -> Iterator[None]:
        """Catch what is raised inside the block; an instrument that failed is off from then on.

        A failure of the session itself (no instrument, e.g. a full disk) may pass, so recording is tried again,
        silently.
        """
        try:
            yield
        except Exception as error:
            if self._strict:
                raise
            if instrument is None:
                if type(error) in self._warned:
                    return
                self._warned.add(type(error))
                name, template = "Session", _goes_on
            else:
                instrument.disabled = True
                name, template = instrument.name or type(instrument).__name__, _is_off
            warn(template(name, type(error).__name__, str(error)), stacklevel=4)
            with suppress(OSError):  # the disk may be the failure: the warning has been given
                self._writer.event(
                    "monitor_error",
                    self.step,
                    monitor=name,
                    error=repr(error),
                    traceback=traceback.format_exc(),
                )

    def one_blas_thread(self) -> AbstractContextManager[Any]:
        """For NumPy's small matrix products: more threads take three times as long and then spin in training's way."""
        limit: AbstractContextManager[Any] = self._threads.limit(limits=1, user_api="blas")
        return limit


def _is_off(name: str, kind: str, error: str) -> Message:
    return Message(
        "gandoctor: {name} failed and is off; training is not affected ({kind}: {error})",
        name=name,
        kind=kind,
        error=error,
    )


def _goes_on(name: str, kind: str, error: str) -> Message:
    return Message(
        "gandoctor: {name} failed and goes on; training is not affected ({kind}: {error})",
        name=name,
        kind=kind,
        error=error,
    )
