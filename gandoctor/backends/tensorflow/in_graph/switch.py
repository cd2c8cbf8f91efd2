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
        """Run an action on the first replica, in a branch: a step in which it is off computes and writes nothing.

        In a graph the branch lies in a function that is not inlined. Among the training's own operations it would
        change the order in which TensorFlow's graph optimizer rewrites those, and with it the last bit of the weights.
        """

        def run() -> Any:
            action()
            return tf.constant(True)

        def branch() -> Any:
            return tf.cond(self._flag, run, lambda: tf.constant(False))

        apart = tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})
        on_first_replica(branch if tf.executing_eagerly() else apart)
