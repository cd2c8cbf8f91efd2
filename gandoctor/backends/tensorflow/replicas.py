"""Under `tf.distribute`, every replica runs the training graph: what it contributes and which one records.

One process with several devices (MirroredStrategy): the first replica records, losses are averaged over all of them.
Several processes (MultiWorkerMirroredStrategy): the chief records what its first replica sees, the others stand by. The
chief's monitor adds no collective there, as one that not every worker takes part in would hang the training for ever.
Summed gradients are read where the optimizer itself sums them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

from gandoctor.player_names import Player


def own_variable(value: Any, name: str, shape: Any = None) -> Any:
    """Return a variable of the monitors' own, on this device only.

    A `tf.Variable` made in a strategy's scope would be mirrored, which cannot be written as monitors write, and under
    several workers would be sent to all of them.

    Args:
        value: Its first value, which also gives its type and, unless `shape` does, its shape.
        name: For those who look at graphs.
        shape: `tf.TensorShape(None)` for a variable whose values may have any shape; XLA takes no such assignment.
    """
    with tf.init_scope():
        return ResourceVariable(value, trainable=False, name=name, shape=shape)


def replica_count() -> int:
    """Return how many replicas run the current code; 1 outside `tf.distribute` and in cross-replica context."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else int(context.num_replicas_in_sync)


def spans_processes(strategy: Any = None) -> bool:
    """Tell whether a strategy (or the one in force) trains in several processes together."""
    strategy = strategy or tf.distribute.get_strategy()
    # As Keras asks it.
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy) and strategy.extended._in_multi_worker_mode()


def stands_by(*owners: Any) -> bool:
    """Tell whether this process is one of several that train together, and not the chief.

    Args:
        owners: Models and networks; one that was made in a strategy's scope knows its strategy.
    """
    strategies = [tf.distribute.get_strategy(), *(getattr(o, "distribute_strategy", None) for o in owners)]
    together = [s for s in strategies if s is not None and spans_processes(s)]
    return any(not s.extended.should_checkpoint for s in together)


def summed_by(optimizer: Any) -> bool:
    """Tell whether the sum that an optimizer makes over replicas is that of the gradients it was given.

    It is not where Keras first clips, accumulates or unscales them on each replica.
    """
    clips = any(getattr(optimizer, name, None) is not None for name in ("clipnorm", "clipvalue", "global_clipnorm"))
    accumulates = bool(getattr(optimizer, "gradient_accumulation_steps", None))
    scales = hasattr(optimizer, "inner_optimizer")
    return hasattr(optimizer, "_all_reduce_sum_gradients") and not (clips or accumulates or scales)


def summed_gradients(gradients: dict[Player, list[tuple[Any, Any]]]) -> dict[Player, list[tuple[Any, Any]]]:
    """Return gradients summed over the replicas of this process, as Keras does before it updates."""
    given = [tf.convert_to_tensor(g) for pairs in gradients.values() for g, _ in pairs if g is not None]
    if not given or replica_count() == 1:
        return gradients
    sums = iter(tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, given))
    return {player: [(None if g is None else next(sums), v) for g, v in pairs] for player, pairs in gradients.items()}


def averaged_values(*groups: dict[Any, Any]) -> list[dict[Any, Any]]:
    """Return values by name with every scalar averaged over the replicas, as Keras reports losses.

    Where several processes train together they stay as this replica has them.
    """
    scalars = {id(v): v for group in groups for v in group.values() if _is_scalar(v)}
    if not scalars or replica_count() == 1 or spans_processes():
        return list(groups)
    context = tf.distribute.get_replica_context()
    means = dict(zip(scalars, context.all_reduce(tf.distribute.ReduceOp.MEAN, list(scalars.values())), strict=True))
    return [{name: means.get(id(value), value) for name, value in group.items()} for group in groups]


def _is_scalar(value: Any) -> bool:
    return tf.is_tensor(value) and value.dtype.is_floating and value.shape in ((), (1,))


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
