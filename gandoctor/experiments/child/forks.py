"""What a forked process keeps of a recording: nothing. It ends by signals, trains and exits as it would bare.

A pool forks its workers, and PyTorch's data loader does; what such a process does is no part of the recorded program.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType


def handle(numbers: Iterable[int], handler: Callable[[int, FrameType | None], None]) -> None:
    """Handle signals in this process alone; a forked process handles them as they were handled before.

    Args:
        numbers: Signals.
        handler: As for `signal.signal`.
    """
    here = threading.local()
    before = {number: signal.signal(number, handler) for number in numbers}

    def hold_back() -> None:
        # A signal that reached the new process before it has its own handlers again would be lost.
        here.mask = signal.pthread_sigmask(signal.SIG_BLOCK, before)

    def let_through() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, here.mask)

    def give_back() -> None:
        for number, was in before.items():
            if signal.getsignal(number) == handler:
                signal.signal(number, was or signal.SIG_DFL)
        let_through()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=hold_back, after_in_parent=let_through, after_in_child=give_back)


def in_forks(forget: Callable[[], None]) -> None:
    """Have every process that is forked from this one call a function first; what it raises is dropped."""

    def forget_quietly() -> None:
        with suppress(Exception):
            forget()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget_quietly)
