"""KerasBatch: the mean and spread of what a step is fed."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.recording.in_step import Fed


class KerasBatch:
    """What a step is fed; see `recording.in_step.Batch`."""

    def __init__(self, kind: Fed, value: Any) -> None:
        self._value = value
        self._least_rank = 2 if kind == "latents" else 3  # labels are integers of rank 1

    def mean_and_spread(self) -> tuple[Any, Any] | None:
        """Return two scalars, float32; None where no tensor is a batch of arrays."""
        batches = [t for t in tf.nest.flatten(self._value) if self._is_batch(t)]
        if not batches:
            return None
        x = tf.cast(batches[0], tf.float32)
        return tf.reduce_mean(x), tf.reduce_mean(tf.math.reduce_std(x, axis=0))

    def _is_batch(self, value: Any) -> bool:
        if not tf.is_tensor(value) or value.shape.rank is None or value.shape.rank < self._least_rank:
            return False
        return bool(value.dtype.is_floating or (self._least_rank == 3 and value.dtype.is_integer))
