"""KerasBatch: the mean and spread of what a step is fed."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.recording.in_step import Fed


class KerasBatch:
    """A batch on its way into a step; see `recording.in_step.Batch`."""

    def __init__(self, kind: Fed, value: Any) -> None:
        self._value = value
        self._ranks = (2,) if kind == "latents" else (3, 2)  # labels stand beside images as integers, or as rows

    def mean_and_spread(self) -> tuple[Any, Any] | None:
        """Return two scalars, float32; None where no tensor is a batch of arrays."""
        given = tf.nest.flatten(self._value)
        batches = [t for least in self._ranks for t in given if self._is_batch(t, least)]
        if not batches:
            return None
        x = tf.cast(batches[0], tf.float32)
        return tf.reduce_mean(x), tf.reduce_mean(tf.math.reduce_std(x, axis=0))

    def _is_batch(self, value: Any, least_rank: int) -> bool:
        if not tf.is_tensor(value) or value.shape.rank is None or value.shape.rank < least_rank:
            return False
        return bool(value.dtype.is_floating or (least_rank == 3 and value.dtype.is_integer))
