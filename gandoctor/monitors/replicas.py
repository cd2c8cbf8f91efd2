"""Under `tf.distribute`, every replica runs the training graph: what it contributes and which one records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gandoctor.monitors.players import Phase


def replica_count() -> int:
    """Return how many replicas run the current code; 1 outside `tf.distribute` and in cross-replica context."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else int(context.num_replicas_in_sync)


def summed_gradients(gradients: dict[Phase, list[tuple[Any, Any]]]) -> dict[Phase, list[tuple[Any, Any]]]:
    """Return the gradients the optimizer will act on: summed over replicas, as Keras does before it updates."""
    if replica_count() == 1:
        return gradients
    context = tf.distribute.get_replica_context()
    return {
        player: [
            (None if g is None else context.all_reduce(tf.distribute.ReduceOp.SUM, tf.convert_to_tensor(g)), v)
            for g, v in pairs
        ]
        for player, pairs in gradients.items()
    }


def averaged_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return scalars averaged over replicas, as Keras reports losses."""
    if replica_count() == 1:
        return values
    context = tf.distribute.get_replica_context()
    return {name: context.all_reduce(tf.distribute.ReduceOp.MEAN, value) for name, value in values.items()}


def on_first_replica(action: Callable[[], None]) -> None:
    """Run an action on one replica only."""
    if replica_count() == 1:
        action()
        return
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    known = tf.get_static_value(replica)
    if known is not None:
        if known == 0:
            action()
        return

    def act() -> Any:
        action()
        return tf.constant(True)

    tf.cond(replica == 0, act, lambda: tf.constant(False))
