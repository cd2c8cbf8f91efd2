"""KerasBatch: the mean and spread of what a step is fed."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gandoctor.recording.in_step import Fed


class KerasBatch:
    """A batch on its way into a step; see `recording.in_step.Batch`."""

    def __init__(self, kind: Fed, value: Any) -> None:
        ranks = (2,) if kind == "latents" else (3, 2)  # labels stand beside images as integers, or as rows
        given = tf.nest.flatten(value)
        self._batch = next((t for least in ranks for t in given if self._is_batch(t, least)), None)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of one example, as far as the trace knows it."""
        known = None if self._batch is None else self._batch.shape[1:]
        return tuple(known) if known is not None and known.is_fully_defined() else None

    def mean_and_spread(self) -> tuple[Any, Any] | None:
        """Return two scalars, float32; None where no tensor is a batch of arrays."""
        if self._batch is None:
            return None
        x = tf.cast(self._batch, tf.float32)
        return tf.reduce_mean(x), tf.reduce_mean(tf.math.reduce_std(x, axis=0))

    def _is_batch(self, value: Any, least_rank: int) -> bool:
        if not tf.is_tensor(value) or value.shape.rank is None or value.shape.rank < least_rank:
            return False
        return bool(value.dtype.is_floating or (least_rank == 3 and value.dtype.is_integer))
