"""Judges a growing run now and then, as often as its cost allows; in a thread of its own where somebody watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

from gandoctor.diagnosis import Diagnosis, diagnose
from gandoctor.store import Run

JUDGE_EVERY_S = 3.0

Clock = Callable[[], float]


class Judging:
    """The latest diagnosis of a run that grows.

    Args:
        clock: Unix time in seconds.
        cpu: Processor time used, in seconds.
        is_asked: Whether to diagnose while the run is running.
        share: Share of one core that judging may take.
        in_background: Whether to judge a running run in a thread, so that a screen does not stand still meanwhile.

    Attributes:
        diagnosis: The latest; None before the first.
    """

    def __init__(self, clock: Clock, cpu: Clock, is_asked: bool, share: float, in_background: bool) -> None:
        self._clock = clock
        self._cpu = cpu
        self._is_asked = is_asked
        self._share = share
        self._in_background = in_background
        self.forget()

    def forget(self) -> None:
        """Forget what was judged: another run follows."""
        self.diagnosis: Diagnosis | None = None
        self._judged_at = float("-inf")
        self._cost_s = 0.0
        self._is_first = True
        self._has_news = False
        self._work: _Work | None = None

    def tell_news(self) -> None:
        """Remember that the run has grown since it was judged."""
        self._has_news = True

    def look(self, run: Run, must: bool) -> bool:
        """Judge the run if it is time to, or take over what a thread has judged.

        Args:
            run: The run as it is now.
            must: Whether it has ended: whatever has not been judged yet is judged at once.

        Returns:
            Whether there is a new diagnosis.

        Raises:
            GandoctorError: The run directory became unusable.
        """
        if must:
            self._work = None  # it has judged an earlier state
            return (self._has_news or self.diagnosis is None) and self._finish(_Work(run, self._cpu).done())
        if self._work is not None:
            return not self._work.is_alive() and self._finish(self._work.done())
        share = 1.0 if self._is_first else self._share
        pause = max(JUDGE_EVERY_S, self._cost_s / share)
        if not (self._is_asked and self._has_news and self._clock() - self._judged_at >= pause):
            return False
        self._has_news = False
        if not self._in_background:
            return self._finish(_Work(run, self._cpu).done())
        self._work = _Work(run.until(run.last_step), time.thread_time)
        self._work.start()
        return False

    def _finish(self, work: _Work) -> bool:
        self._work = None
        self._has_news = self._has_news and self._in_background
        self._judged_at = self._clock()
        self._cost_s = work.cost_s
        # The first one also loads libraries and measures the real data: the second comes soon, whatever it cost.
        self._is_first = self.diagnosis is None
        if work.error is not None:
            raise work.error
        self.diagnosis = work.diagnosis
        return True


class _Work(Thread):
    """One judgement. It does not keep the process from ending."""

    def __init__(self, run: Run, cpu: Clock) -> None:
        super().__init__(daemon=True)
        self._judged = run
        self._cpu = cpu
        self.diagnosis: Diagnosis | None = None
        self.error: Exception | None = None
        self.cost_s = 0.0

    def run(self) -> None:
        """Judge."""
        started = self._cpu()
        try:
            self.diagnosis = diagnose(self._judged)
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            self.error = error
        self.cost_s = self._cpu() - started

    def done(self) -> _Work:
        """Return the judgement once it is made, here if no thread makes it."""
        if self.ident is None:
            self.run()
        return self
