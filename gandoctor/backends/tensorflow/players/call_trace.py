"""Following a subclassed network: it is called once on placeholders, and the calls of its layers are observed.

The call happens in a graph of its own that is thrown away, within Keras's stateless scope: no weight, statistic, seed
or metric changes, and nothing is computed. It is what Keras itself does to learn the shape of a layer's output. What
the network computes outside of its layers (`tf.nn.tanh(x)`) is read off the graph between them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gandoctor.backends.keras_networks.call_order import NETWORK_INPUT, CannotFollow
from gandoctor.backends.keras_networks.layer_card import is_container, is_part_of_keras, layer_card, plain_shape
from gandoctor.backends.keras_networks.own_attributes import attributes_kept
from gandoctor.backends.tensorflow.in_graph.train_step import unobserved
from gandoctor.backends.tensorflow.random_state import preserved_random_state
from gandoctor.message import Message
from gandoctor.networks.layer_roles import OPERATION
from gandoctor.store import LayerCard

BATCH_SIZES = (None, 8)
"""Tried in turn: some networks want to know theirs."""
OPERATIONS_MAX = 500
"""A network with more operations outside of its layers is not told by them."""

_SAME_VALUES = frozenset(
    {
        *("BroadcastTo", "Cast", "CheckNumerics", "EnsureShape", "ExpandDims", "Identity", "IdentityN"),
        *("PreventGradient", "Reshape", "Slice", "Snapshot", "Split", "SplitV", "Squeeze", "StopGradient"),
        *("StridedSlice", "Tile", "Transpose", "Unpack"),
    }
)
"""Operations that move values without changing them."""
_NO_VALUES = frozenset({"OnesLike", "Rank", "Shape", "ShapeN", "Size", "ZerosLike"})
"""Operations whose result does not depend on the values they are given."""
_WITH_CONSTANT = ("Add", "AddV2", "Maximum", "Minimum", "Mul", "RealDiv", "Sub")


_INPUT_UNKNOWN = Message("the shape of its input is not known")


def follow(network: Any) -> tuple[list[LayerCard], tuple[int, ...]]:
    """Return the cards of the layers and operations of a network as it calls them, and the positions of its outputs.

    Args:
        network: A built Keras model or layer.

    Raises:
        CannotFollow: It is not built, its inputs are not known, or it cannot be called on placeholders.
    """
    if not network.built:
        raise CannotFollow(Message("it is not built: it has not been called on data yet"))
    why = _INPUT_UNKNOWN
    for batch_size in BATCH_SIZES:
        without_weights: list[str] = []
        try:
            return _follow(network, batch_size, without_weights)
        except CannotFollow:
            raise
        except Exception as error:  # noqa: BLE001 - the user's own code, on inputs it may not be made for
            if without_weights:
                unready = Message("its layer {layer} has no weights yet", layer=without_weights[0])
                raise CannotFollow(unready) from None
            why = Message(
                "it cannot be called on placeholders ({kind}: {error})",
                kind=type(error).__name__,
                error=_first_line(error),
            )
    raise CannotFollow(why)


def _follow(
    network: Any, batch_size: int | None, without_weights: list[str]
) -> tuple[list[LayerCard], tuple[int, ...]]:
    """Call a network on placeholders; a layer that would have to make its weights is named and stops it."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(preserved_random_state())
        stack.enter_context(attributes_kept(network))
        stack.enter_context(unobserved())
        stack.enter_context(tf.__internal__.FuncGraph("gandoctor_model_card").as_default())
        stack.enter_context(keras.StatelessScope())
        args, kwargs = _placeholders(network, batch_size)
        follower = _Follower(keras.tree.flatten((args, kwargs)), without_weights)
        for layer in network._flatten_layers(include_self=False):
            stack.enter_context(follower.watching(layer))
        outputs = network(*args, **kwargs, training=True)
        found = [follower.source_of(tensor) for tensor in keras.tree.flatten(outputs) if _is_symbolic(tensor)]
    return follower.cards, tuple(source[0] for source in found if source)


def _placeholders(network: Any, batch_size: int | None) -> tuple[list[Any], dict[str, Any]]:
    """Return what to call a network with: placeholders of the shapes it was built on."""

    def placeholder(shape: Any, dtype: Any = None) -> Any:
        shape = plain_shape(tuple(shape))
        assert shape is not None
        dtype = dtype or ("float32" if len(shape) > 1 else "int32")  # a vector is one of labels
        return tf.compat.v1.placeholder(dtype, (batch_size, *shape[1:]))

    if is_container(network):
        inputs = getattr(network, "_inputs_struct", None)
        inputs = network.inputs[0] if inputs is None else inputs  # a Sequential has one
        given = keras.tree.map_structure(lambda t: placeholder(t.shape, t.dtype), inputs)
        return [given], {}
    shapes = getattr(network, "_build_shapes_dict", None)
    if not shapes:
        raise CannotFollow(_INPUT_UNKNOWN)
    named = {
        name: keras.tree.map_shape_structure(placeholder, shape) for name, shape in shapes.items() if shape is not None
    }
    if len(named) == 1:
        return list(named.values()), {}
    return [], {name.removesuffix("_shape"): value for name, value in named.items()}


@dataclass(eq=False)
class _Call:
    """A call of a layer that has begun; `holds_others`: another layer was called within."""

    layer: Any
    holds_others: bool = False


class _Follower:
    """Observes the calls of layers while a network is called.

    Args:
        inputs: What the network is given.
        without_weights: Gets the name of a layer that would have to make its weights.

    Attributes:
        cards: Of the layers and operations so far, each after those it depends on.
    """

    def __init__(self, inputs: list[Any], without_weights: list[str]) -> None:
        self._without_weights = without_weights
        self.cards: list[LayerCard] = []
        self._sources: dict[str, tuple[int, ...]] = {t.name: (NETWORK_INPUT,) for t in inputs if _is_symbolic(t)}
        self._calls: list[_Call] = []
        self._operations = 0

    @contextmanager
    def watching(self, layer: Any) -> Iterator[None]:
        """Have every call of a layer observed; one without weights is kept from making them."""
        replaced = {"call": self._observed(layer, layer.call)}
        if not layer.built:
            replaced["build"] = self._refused(layer)
        before = {name: layer.__dict__[name] for name in replaced if name in layer.__dict__}
        layer.__dict__.update(replaced)  # Keras tracks attributes that are set the ordinary way
        try:
            yield
        finally:
            for name in replaced:
                layer.__dict__.pop(name, None)
            layer.__dict__.update(before)

    def _refused(self, layer: Any) -> Callable[..., Any]:
        def build(*_: Any, **__: Any) -> Any:
            self._without_weights.append(layer.name)
            raise RuntimeError("gandoctor keeps this layer from being built while it looks at the network")

        return build

    def source_of(self, tensor: Any) -> tuple[int, ...]:
        """Return the position of what a tensor's values come from; nothing for a constant."""
        if tensor.name not in self._sources:
            found = self._source_of_operation(tensor.op)
            for output in tensor.op.outputs:
                self._sources[output.name] = found
        return self._sources[tensor.name]

    def _observed(self, layer: Any, original: Callable[..., Any]) -> Callable[..., Any]:
        of_keras = is_part_of_keras(layer) and not is_container(layer) and not isinstance(layer, keras.layers.Wrapper)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._calls and self._calls[-1].layer is None:
                return original(*args, **kwargs)  # within a layer of Keras, which is known as a whole
            given = [t for t in keras.tree.flatten((args, kwargs)) if _is_symbolic(t)]
            inputs = self._inputs_of(given)  # now, so that what was computed outside of the layer is listed outside
            this = _Call(layer)
            self._calls += [this, _Call(None)] if of_keras else [this]
            outputs = original(*args, **kwargs)
            self._inputs_of([t for t in keras.tree.flatten(outputs) if this.holds_others and _is_symbolic(t)])
            del self._calls[self._calls.index(this) :]
            if not this.holds_others:
                outputs = self._record(layer, given, inputs, outputs)
            for outer in self._calls:
                outer.holds_others = True
            return outputs

        return call

    def _record(self, layer: Any, given: list[Any], inputs: tuple[int, ...], outputs: Any) -> Any:
        """Add the card of a layer that has been called; return its outputs, made its own where it changed nothing."""
        outputs = keras.tree.map_structure(lambda t: tf.identity(t) if any(t is g for g in given) else t, outputs)
        produced = [t for t in keras.tree.flatten(outputs) if _is_symbolic(t)]
        enclosing = [call.layer for call in self._calls]
        wrappers: list[str] = []
        for outer in reversed(enclosing):
            if not isinstance(outer, keras.layers.Wrapper):
                break
            wrappers.insert(0, type(outer).__name__)
        shape = tuple(produced[0].shape) if produced and produced[0].shape.rank is not None else None
        self._add(layer_card(layer, self._path(), tuple(wrappers), inputs, shape), produced)
        return outputs

    def _path(self) -> str:
        return "/".join(call.layer.name for call in self._calls if call.layer is not None)

    def _add(self, card: LayerCard, produced: list[Any]) -> int:
        self.cards.append(card)
        position = len(self.cards) - 1
        for tensor in produced:
            self._sources[tensor.name] = (position,)
        return position

    def _inputs_of(self, tensors: list[Any]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(position for tensor in tensors for position in self.source_of(tensor)))

    def _source_of_operation(self, op: Any) -> tuple[int, ...]:
        if op.type in _NO_VALUES:
            return ()
        sources = self._inputs_of(list(op.inputs))
        if not sources or (op.type in _SAME_VALUES and len(sources) == 1):
            return sources
        self._operations += 1
        if self._operations > OPERATIONS_MAX:
            raise ValueError(f"it computes with more than {OPERATIONS_MAX} operations outside of its layers")
        shape = tuple(op.outputs[0].shape) if op.outputs[0].shape.rank is not None else None
        card = LayerCard(
            name=op.name.rsplit("/", 1)[-1],
            type=f"{OPERATION}{op.type}",
            settings=self._settings_of(op),
            output_shape=plain_shape(shape),
            path=self._path(),
            inputs=sources,
        )
        return (self._add(card, list(op.outputs)),)

    def _settings_of(self, op: Any) -> dict[str, Any]:
        """Return the constant an operation computes with, and a leaky ReLU's slope."""
        if op.type == "LeakyRelu":
            return {"negative_slope": _decimal(np.float32(op.get_attr("alpha")))}
        if op.type not in _WITH_CONSTANT:
            return {}
        constants = [None if self.source_of(tensor) else tf.get_static_value(tensor) for tensor in op.inputs]
        known = [(i, value) for i, value in enumerate(constants) if value is not None and value.size == 1]
        if len(known) != 1:
            return {}
        [(place, constant)] = known
        settings: dict[str, Any] = {"operand": _decimal(constant.reshape(())[()])}
        return settings | ({"operand_first": True} if place == 0 else {})


def _decimal(value: Any) -> float:
    """Return a NumPy number as it was written: 0.9, not the nearest single-precision number to it."""
    return float(str(value))


def _is_symbolic(value: Any) -> bool:
    return tf.is_tensor(value) and hasattr(value, "op") and not isinstance(value, tf.Variable)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else ""
