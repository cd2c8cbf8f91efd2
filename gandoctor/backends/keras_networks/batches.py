"""Whether what a network says of one image depends on the other images of its batch."""

from __future__ import annotations

from typing import Any

import keras

from gandoctor.backends.keras_networks.layer_card import is_container, is_part_of_keras


def normalises_batches(network: Any) -> bool:
    """Tell whether, in training mode, a network's output for one image depends on the rest of the batch."""
    layers = network._flatten_layers() if hasattr(network, "_flatten_layers") else []
    return any("BatchNorm" in type(layer).__name__ for layer in layers)


def judges_one_by_one(network: Any) -> bool:
    """Tell whether, in inference mode, a network's output for one image is known not to depend on the other images.

    Known of Keras's own layers only: there are those that compare the images of a batch in either mode.
    """
    for layer in network._flatten_layers():
        if is_container(layer):
            if not all(isinstance(operation, keras.Layer) for operation in getattr(layer, "operations", ())):
                return False
        elif not is_part_of_keras(layer) or isinstance(layer, keras.layers.Lambda):
            return False
    return True
