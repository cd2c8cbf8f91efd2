"""TrainingCallback: what Keras calls during training, written out, so that no Keras has to be imported for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class TrainingCallback:
    """A Keras callback by its methods: Keras calls them and asks for no class.

    Attributes:
        params: What `fit` was called with: "epochs", "steps", "verbose".
        model: The model that is trained; None before.
    """

    def __init__(self) -> None:
        self.params: Mapping[str, Any] = {}
        self.model: Any = None

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Take what `fit` was called with."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model that is about to be trained."""
        self.model = model

    def _unused(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing; a subclass overrides what it needs."""

    # As in Keras's own base class: hooks that are marked so keep no fit from dispatching the others asynchronously.
    _unused._is_default = True  # type: ignore[attr-defined]

    def _implements_no_batch_hooks(self) -> bool:
        """Answer Keras 2, which asks callbacks for this: it is not supported, and its training must go on."""
        return False

    _implements_train_batch_hooks = _implements_no_batch_hooks
    _implements_test_batch_hooks = _implements_predict_batch_hooks = _implements_no_batch_hooks

    on_batch_begin = on_batch_end = _unused
    on_epoch_begin = on_epoch_end = _unused
    on_train_begin = on_train_end = on_train_batch_begin = on_train_batch_end = _unused
    on_test_begin = on_test_end = on_test_batch_begin = on_test_batch_end = _unused
    on_predict_begin = on_predict_end = on_predict_batch_begin = on_predict_batch_end = _unused
