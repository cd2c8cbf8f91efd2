"""Fits of a dry run that train no GAN: a few batches each, so that the script gets on to its GAN within seconds."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

BATCHES = 2
"""Training batches, and validation batches, that such a fit takes."""

_SAVES = ("save", "save_weights", "export")


class OtherFits:
    """Cuts fits short, and keeps the networks that were cut short from being saved over trained ones.

    Attributes:
        models: Class names of the models whose fit was cut short, in order.
        running: Whether such a fit runs now.
    """

    def __init__(self) -> None:
        self.models: list[str] = []
        self.running = False
        self._trains_gan = False

    def trains_gan(self) -> None:
        """Take note that what runs now turned out to train a GAN: if it is a fit, it is not cut short."""
        if self.running and not self._trains_gan:
            self._trains_gan = True
            self.models.pop()

    def fit(self, original: Callable[..., Any], model: Any, *args: Any, **kwargs: Any) -> Any:
        """Call Keras's `fit` for at most BATCHES batches and return what it returns.

        From then on `save`, `save_weights` and `export` of the model and of the models in it do nothing.
        """
        bound = inspect.signature(original).bind(model, *args, **kwargs)
        given = bound.arguments
        given["callbacks"] = self._with_end(given.get("callbacks"))
        if given.get("validation_data") is not None or given.get("validation_split"):
            given["validation_steps"] = min(BATCHES, given.get("validation_steps") or BATCHES)
        _keep_from_saving(model)
        self.models.append(type(model).__name__)
        was_running, self.running = self.running, True
        try:
            return original(*bound.args, **bound.kwargs)
        finally:
            self.running, self._trains_gan = was_running, False

    def _with_end(self, callbacks: Any) -> Any:
        import keras

        fits = self

        class End(keras.callbacks.Callback):
            """Ends the fit after its first batches."""

            batches = 0

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                self.batches += 1
                if self.batches >= BATCHES and not fits._trains_gan:
                    self.model.stop_training = True

        if hasattr(callbacks, "append") and not isinstance(callbacks, list):  # a keras CallbackList
            callbacks.append(End())
            return callbacks
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        return [*(one for one in given if one is not None), End()]


def _keep_from_saving(model: Any) -> None:
    import keras

    def not_saved(*_: Any, **__: Any) -> None:
        """Do nothing: this network was trained for a few batches only."""

    inside = (layer for layer in model._flatten_layers() if isinstance(layer, keras.Model))
    for one in (model, *inside):
        for name in _SAVES:
            object.__setattr__(one, name, not_saved)
