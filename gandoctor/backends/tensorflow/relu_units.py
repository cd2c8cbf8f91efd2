"""Find the live ReLU units of a network while its inference-mode pass is traced.

A unit is what a weight vector makes: a channel of an image-like output, an entry of a flat one. It is dead in a batch
when it is exactly 0 for every image and place. Leaky and smooth activations are never exactly 0 and do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf

from gandoctor.backends.keras_networks.layer_card import is_container, is_part_of_keras
from gandoctor.backends.keras_networks.relu import ends_in_relu
from gandoctor.backends.tensorflow.in_graph.train_step import current_graph

_RELU_OPS = frozenset({"Relu", "Relu6"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While", "StatelessWhile"})


class ReluUnits:
    """The units of one pass.

    Attributes:
        alive: One boolean vector a ReLU, True for units that are not 0 throughout.
        hidden: Whether there are others, computed in a graph inside this one (`tf.function`, `tf.while_loop`).
    """

    def __init__(self) -> None:
        self.alive: list[Any] = []
        self.hidden = False
        self._graph = current_graph()
        self._known: set[str] = set()  # operations of layers of Keras
        self._inside = False

    def all(self) -> Any:
        """All units in one boolean vector, empty where there is no ReLU."""
        return tf.concat(self.alive, 0) if self.alive else tf.zeros((0,), tf.bool)

    def take_layer(self, layer: Any, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Call a layer of Keras; where it ends in a ReLU, look at what it returns."""
        if self._inside:
            return original(*args, **kwargs)  # within a layer of Keras, which is known as a whole
        self._inside, begun = True, len(self._operations())
        try:
            outputs = original(*args, **kwargs)
        finally:
            self._inside = False
        self._known |= {op.name for op in self._operations()[begun:]}
        with tf.init_scope():
            ends_so = tf.is_tensor(outputs) and ends_in_relu(layer)
        if ends_so:
            self._add(outputs, getattr(layer, "data_format", None))
        return outputs

    def take_operations(self, begun: int) -> None:
        """Look at ReLUs computed outside of Keras's layers (`tf.nn.relu(x)`) since there were so many operations."""
        for op in self._operations()[begun:]:
            if op.type in _RELU_OPS and op.name not in self._known:
                self._add(op.outputs[0], None)
        if any(op.type in _CALLS and op.name not in self._known for op in self._operations()[begun:]):
            functions = self._graph.as_graph_def().library.function
            self.hidden |= any(node.op in _RELU_OPS for function in functions for node in function.node_def)

    def count_operations(self) -> int:
        """How many operations the graph holds."""
        return len(self._operations())

    def _operations(self) -> list[Any]:
        return [] if self._graph is None else self._graph.get_operations()

    def _add(self, outputs: Any, data_format: str | None) -> None:
        self.hidden |= current_graph() is not self._graph
        if self.hidden or outputs.shape.rank is None or outputs.shape.rank < 2:
            return
        rank = outputs.shape.rank
        first = rank > 2 and (data_format or keras.config.image_data_format()) == "channels_first"
        unit = 1 if first else rank - 1
        self.alive.append(tf.reduce_any(outputs != 0, [axis for axis in range(rank) if axis != unit]))


@contextmanager
def relu_units(network: Any) -> Iterator[ReluUnits]:
    """Find the ReLU units of what a network computes inside the block, in the graph that is being traced."""
    units = ReluUnits()
    begun = units.count_operations()
    with ExitStack() as stack:
        for layer in network._flatten_layers():
            holds = is_container(layer) or isinstance(layer, keras.layers.Wrapper)
            if is_part_of_keras(layer) and not holds:
                stack.enter_context(_watched(layer, units))
        yield units
    units.take_operations(begun)


@contextmanager
def _watched(layer: Any, units: ReluUnits) -> Iterator[None]:
    original, before = layer.call, layer.__dict__.get("call")

    def call(*args: Any, **kwargs: Any) -> Any:
        return units.take_layer(layer, original, args, kwargs)

    layer.__dict__["call"] = tf.autograph.experimental.do_not_convert(
        call
    )  # Keras tracks attributes that are set the ordinary way
    try:
        yield
    finally:
        layer.__dict__.pop("call")
        if before is not None:
            layer.__dict__["call"] = before
