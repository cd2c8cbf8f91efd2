"""Tell whether an optimizer will scale, accumulate or skip the gradients it is given."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def _scales_dynamically(optimizer: Any) -> bool:
    return hasattr(optimizer, "dynamic_scale") or hasattr(optimizer, "initial_scale")


def scale(optimizer: Any) -> Any:
    """Return what the gradients it is given must be divided by: its loss scale, or 1."""
    if _scales_dynamically(optimizer):
        return tf.cast(optimizer.dynamic_scale if optimizer.built else optimizer.initial_scale, tf.float32)
    return getattr(optimizer, "loss_scale_factor", None) or 1.0


def taken(optimizer: Any, grads: list[Any]) -> Any:
    """Tell whether a loss-scaling optimizer will take these gradients: it skips the step unless all are finite."""
    if not _scales_dynamically(optimizer):
        return True
    dense = [g.values if isinstance(g, tf.IndexedSlices) else g for g in grads if g is not None]
    return tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in dense]) if dense else True


def accumulates(optimizer: Any) -> int:
    """Return over how many calls it sums gradients before it moves the weights; 0 where each call moves them."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return int(getattr(inner, "gradient_accumulation_steps", None) or 0)


def accumulated(optimizer: Any) -> Any:
    """Tell whether this call completes an accumulation, as Keras decides it."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return tf.equal((tf.convert_to_tensor(inner._iterations) + 1) % accumulates(optimizer), 0)
