"""KeptValues: the numbers of a tensor inside the training graph, copied for the host to read between steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from gandoctor.backends.tensorflow.replicas import own_variable

VALUES = 16_384
"""Numbers of one output that are kept where XLA may compile, e.g. 18 score maps of 30 x 30; more are not compared."""


class KeptValues:
    """A copy of a tensor's numbers that a graph makes and the host reads.

    Nothing is computed of them inside the graph, which would cost every step and could be merged with the user's own
    operations.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._any_shape = self._last = own_variable(tf.zeros((0,)), name, shape=tf.TensorShape(None))
        self._one_shape: Any = None

    def keep(self, tensor: Any, may_be_compiled: bool) -> None:
        """Copy a tensor of any shape; in a graph this adds the ops that do so.

        Args:
            tensor: Floating.
            may_be_compiled: Whether XLA may compile the graph: there a variable keeps its shape.
        """
        values = tf.cast(tensor, tf.float32)
        if may_be_compiled:
            if self._one_shape is None:
                self._one_shape = own_variable(np.full((VALUES,), math.nan, np.float32), self._name)
            self._last = self._one_shape
            values = tf.reshape(values, (-1,))[:VALUES]
            values = tf.pad(values, [[0, VALUES - tf.size(values)]], constant_values=math.nan)
        else:
            self._last = self._any_shape
        self._last.assign(values)

    def read(self) -> np.ndarray:
        """Return the last copy, float32 (n,)."""
        values: np.ndarray = self._last.numpy().reshape(-1)
        return values if self._last is self._any_shape else values[~np.isnan(values)]

    def is_whole(self, values: np.ndarray) -> bool:
        """Tell whether what was read is all there was, and finite."""
        cut = self._last is self._one_shape and len(values) == VALUES
        return bool(values.size and not cut and np.isfinite(values).all())
