"""Stopwatch: times probes and training apart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """The only clock of a session.

    Attributes:
        last_cost: Seconds the last probe took.
    """

    def __init__(self) -> None:
        self.last_cost = 0.0
        self._started: float | None = None
        self._probing = 0.0

    def start(self, again: bool = False) -> None:
        """Begin to count training; where it has begun, only if it is to begin `again`."""
        if again or self._started is None:
            self._started = time.monotonic()

    @contextmanager
    def probing(self) -> Iterator[None]:
        """Count the block as a probe's cost."""
        begun = time.monotonic()
        yield
        self.last_cost = time.monotonic() - begun
        self._probing += self.last_cost

    def step_time(self, steps: int) -> float | None:
        """Return the mean duration of so many steps, probes left out; None before the first."""
        return None if self._started is None or not steps else self._training() / steps

    def report(self) -> dict[str, float]:
        """Return seconds of probes and of training; nothing before the first step."""
        if self._started is None:
            return {}
        return {"probe_seconds": round(self._probing, 3), "training_seconds": round(self._training(), 3)}

    def _training(self) -> float:
        assert self._started is not None
        return time.monotonic() - self._started - self._probing
