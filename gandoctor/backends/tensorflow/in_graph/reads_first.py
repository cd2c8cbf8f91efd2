"""ReadsFirst: an update waits until the step has read the weights that it moves."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import tensorflow as tf

from gandoctor.backends.tensorflow.players.weights import inner
from gandoctor.backends.tensorflow.replicas import replica_count

_READS = frozenset({"ReadVariableOp", "ResourceGather", "ResourceGatherNd"})


class ReadsFirst:
    """Orders the reads of weights before their update, where TensorFlow itself does not.

    A traced step says so by control edges from each read to the update. TensorFlow's dependency optimizer drops them
    where it takes them for redundant, also where in the end nothing else orders the two: with a critic's loss, the
    gradient of the last kernel does not hang on that kernel's value, and its update may come before the other gradients
    have read it (seen in TensorFlow 2.21; with `dependency_optimization` off the edges stay). In a bare step a read
    comes first nearly always, as it waits for nothing. A monitored step has more that waits for nothing. So the values
    that were read are handed to a call for which the update waits, as it reads the weights too: an edge that carries a
    value is not dropped.
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
