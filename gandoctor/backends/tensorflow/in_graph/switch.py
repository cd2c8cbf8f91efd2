"""KerasSwitch: a flag in the graph behind which a measurement costs nothing while it is off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gandoctor.backends.tensorflow.replicas import on_first_replica, own_variable


class KerasSwitch:
    """Turns a measurement inside the training graph on and off; see `recording.in_step.Switch`."""

    def __init__(self, name: str) -> None:
        self._flag = own_variable(False, name)
        self._is_on = False

    def set(self, on: bool) -> None:
        """Write the flag that the graph reads, where it changes."""
        if on != self._is_on:
            self._flag.assign(on)
            self._is_on = on

    def when_on(self, action: Callable[[], None]) -> None:
        """Run an action on the first replica, in a branch: a step in which it is off computes and writes nothing."""

        def run() -> Any:
            action()
            return tf.constant(True)

        on_first_replica(lambda: tf.cond(self._flag, run, lambda: tf.constant(False)))
