"""ReadsFirst: an update waits until the step has read the weights that it moves."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import tensorflow as tf

from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.backends.tensorflow.replicas import replica_count

_READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})


class ReadsFirst:
    """Orders the reads of weights before their update, where TensorFlow's graph optimizer would forget to.

    A read has no other output than its value, so that the order is a control edge. The optimizer drops it where a
    longer path leads from the read to the update, as a loss's shape does, and then folds that path to a constant
    (TensorFlow 2.21, `dependency_optimizer.cc`: its transitive reduction runs before the last constant folding). A
    gradient that does not hang on a weight's value, as that of a critic's last kernel, may then move the kernel before
    the other gradients have read it. Without a monitor that is rare enough to look like never; with one the graph has
    more to do at its start, and the reads may come later. So their values are handed to a call that the update waits
    for, as it reads the weights too: no optimizer drops an edge that carries a value.
    """

    def __init__(self) -> None:
        self._ordered: WeakSet[Any] = WeakSet()

    def before_update(self, variables: list[Any]) -> None:
        """Let the update that follows wait for what this graph has read of some weights; in eager mode nothing."""
        graph = tf.compat.v1.get_default_graph()
        if tf.executing_eagerly() or replica_count() > 1:
            return
        weights = [v for v in map(inner, variables) if isinstance(v, tf.Variable)]
        handles = {id(graph.capture(w.handle)) for w in weights}
        reads = [op for op in graph.get_operations() if op.type in _READS and id(op.inputs[0]) in handles]
        reads = [op for op in reads if op not in self._ordered]
        if not reads:
            return
        self._ordered.update(reads)

        def waited_for(reads: list[Any]) -> None:
            for weight in weights:
                weight.read_value()

        apart = tf.function(waited_for, autograph=False, experimental_attributes={"_noinline": True})
        apart([op.outputs[0] for op in reads])
