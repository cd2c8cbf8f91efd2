"""Keras 2 (tf_keras), which is not supported: told where it begins to train, and not after the training."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Any

NOT_SUPPORTED = "uses Keras 2 (tf_keras), which is not supported: gandoctor records Keras 3 GANs."
_TRAINING = ("fit", "train_on_batch")


def tell_when_trained(keras_2: ModuleType) -> None:
    """Print one line before the first model of Keras 2 is trained; the training goes on."""
    model = getattr(keras_2, "Model", None)
    for name in _TRAINING if model is not None else ():
        setattr(model, name, _telling(model, name, getattr(model, name)))


def _telling(model: Any, name: str, original: Any) -> Any:
    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        if getattr(model, name) is train:  # the first time, whichever it is
            for each in _TRAINING:
                setattr(model, each, getattr(model, each).__wrapped__)
            print(f"gandoctor records nothing: this training {NOT_SUPPORTED}", file=sys.stderr, flush=True)
        return original(*args, **kwargs)

    return train
