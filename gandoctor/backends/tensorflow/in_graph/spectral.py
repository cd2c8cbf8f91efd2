"""Spectral normalisation, put before layers that are there already, as Keras's own wrapper does it."""

from __future__ import annotations

import types
from typing import Any

import keras
import tensorflow as tf
from keras.src.layers.convolutional.base_conv import BaseConv
from keras.src.layers.convolutional.base_conv_transpose import BaseConvTranspose

from gandoctor.backends.keras_networks.layer_card import NORMALISED
from gandoctor.backends.tensorflow.in_graph.input_changes import is_trained
from gandoctor.backends.tensorflow.in_graph.train_step import is_muted
from gandoctor.backends.tensorflow.random_state import preserved_random_state
from gandoctor.errors import GandoctorError
from gandoctor.player_names import NAMES, SPECTRAL_NORM, Player

_LAYERS = (keras.layers.Dense, BaseConv, BaseConvTranspose)


def normalise(network: Any, player: Player, value: float) -> float:
    """Have every convolution and dense layer without spectral normalisation divide its kernel by its largest gain.

    As `keras.layers.SpectralNormalization` has it, the kernel itself is written to before each call in training. What
    gandoctor itself asks of the network leaves it as it is. The layers, their weights and the network stay the same
    objects, and no generator of the program moves.

    Args:
        network: Is changed in place.
        player: Whose it is.
        value: 1.

    Returns:
        0.0: it was not normalised.

    Raises:
        GandoctorError: The value is another one, no layer is left to normalise, or one has no weights yet.
    """
    layers = _without(network)
    why = None
    if value != 1:
        why = f"it is 1 where it is set, and not {value:g}"
    elif not layers:
        why = "it has no convolution or dense layer without it"
    elif not all(layer.built for layer in layers):
        why = "its layers have no weights yet; call it once, or build it, before it is trained"
    if why is not None:
        raise GandoctorError(f"{SPECTRAL_NORM} of the {NAMES[player]} cannot be set: {why}.")
    with tf.init_scope(), preserved_random_state():  # the first vectors of its power iteration are drawn
        for layer in layers:
            _normalise(layer)
    return 0.0


def _without(network: Any) -> list[Any]:
    every = network._flatten_layers(include_self=True, recursive=True)
    wrapped = {id(w.layer) for w in every if isinstance(w, keras.layers.SpectralNormalization)}
    return [layer for layer in every if isinstance(layer, _LAYERS) and id(layer) not in wrapped]


def _normalise(layer: Any) -> None:
    # Named, so that Keras counts no layer: later ones of the program would be called otherwise.
    normaliser = keras.layers.SpectralNormalization(layer, name=f"gandoctor_{layer.name}")
    normaliser.build((*[None] * (len(layer.kernel.shape) - 1), _channels(layer)))
    before = layer.__dict__.get("call")

    @tf.autograph.experimental.do_not_convert
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_trained(self) and not is_muted():
            is_zero = keras.ops.all(keras.ops.equal(normaliser.kernel, 0))
            kept = (normaliser.vector_u.value, normaliser.kernel.value)
            vector, kernel = keras.ops.cond(is_zero, lambda: kept, normaliser.normalized_weights)
            normaliser.vector_u.assign(vector)
            normaliser.kernel.assign(kernel)
        return type(self).call(self, *args, **kwargs) if before is None else before(*args, **kwargs)

    # Straight into __dict__, as Keras tracks attributes that are set the ordinary way.
    layer.__dict__["call"] = types.MethodType(call, layer)
    layer.__dict__[NORMALISED] = True


def _channels(layer: Any) -> int:
    axes: dict[int, int] = layer.input_spec.axes
    return next(iter(axes.values()))
