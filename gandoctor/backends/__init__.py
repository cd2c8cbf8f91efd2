"""Backends: one package a framework behind the protocol of `recording.backend`; nothing else imports a framework.

Another framework is a package beside `tensorflow/` whose class fulfils `recording.backend.Backend`, its lines in this
file, and its programs in a table of tests (`tests/monitors/test_programs.py`, `test_torch.py`).
"""

from __future__ import annotations

from typing import Any, Protocol

from gandoctor.errors import GandoctorError
from gandoctor.frameworks import BETWEEN_STEPS, framework_needed, other_keras_backend, what_to_do_about
from gandoctor.recording.backend import Backend
from gandoctor.recording.session.options import Options

_FRAMEWORKS = {"keras": "tensorflow", "tensorflow": "tensorflow", "torch": "torch"}
"""Top package of a class -> the backend for it."""
_ELSEWHERE = "Keras on "
"""How the name of a framework begins that is Keras on another backend than TensorFlow."""
_LEGACY = ("tf_keras.", "keras.src.engine.", "keras.engine.")
"""How the modules of Keras 2 begin: what TF_USE_LEGACY_KERAS=1 makes of `tf.keras`, and `keras` before version 3."""


class BackendClass(Protocol):
    """A backend's class: makes the backend of one GAN."""

    def __call__(self, options: Options, model: Any | None) -> Backend:
        """Find the players among the options and on the model.

        Raises:
            GandoctorError: They cannot be told.
        """

    def stands_by(self, *owners: Any) -> bool:
        """Tell whether this process is one of several that train together, and not the one that records.

        Args:
            owners: Models and networks.
        """


def backend_for(model: Any = None, generator: Any = None, discriminator: Any = None) -> BackendClass:
    """Return the backend of the framework that the players are made with; no other framework is imported.

    Args:
        model: What holds the players, or None.
        generator: The generator, where it was passed.
        discriminator: The discriminator, likewise.

    Raises:
        GandoctorError: Nothing here is a network of a framework that gandoctor knows, or it is one of Keras 2, or of
            Keras on another backend than TensorFlow and is not trained by `fit`, or on one that is not known.
        MissingFramework: It is, and TensorFlow is not installed.
    """
    held = list(getattr(model, "__dict__", {}).values())
    found = (_framework(one) for one in (generator, discriminator, model, *held))
    framework = next((name for name in found if name is not None), None)
    if framework == "legacy":
        raise GandoctorError(
            "These are models of Keras 2 (tf_keras, TF_USE_LEGACY_KERAS=1), which is not supported. "
            "gandoctor records Keras 3 GANs: import keras, version 3, and leave TF_USE_LEGACY_KERAS unset."
        )
    if framework is not None and framework.startswith(_ELSEWHERE):
        backend = framework.removeprefix(_ELSEWHERE)
        if is_of_keras(type(model)) and backend in BETWEEN_STEPS:  # a model that `fit` trains
            from gandoctor.backends.keras_between_steps.backend import BetweenStepsBackend

            return BetweenStepsBackend
        raise GandoctorError(f"These are layers of Keras on its {backend} backend. {what_to_do_about(backend)}")
    if framework is None:
        there = "none was passed" if model is None else f"{type(model).__name__} holds no network of Keras"
        raise GandoctorError(f"gandoctor cannot tell which network is the generator: {there}. Pass generator=...")
    # Either takes seconds: only where it is in use.
    with framework_needed(by="A monitor of this GAN"):
        if framework == "torch":
            from gandoctor.backends.torch.backend import TorchBackend

            return TorchBackend
        from gandoctor.backends.tensorflow.backend import KerasBackend

    return KerasBackend


def _framework(value: Any) -> str | None:
    """Return the backend for an object, told by where its classes are defined; None where no framework is known.

    Keras 2 comes first, "legacy": its models are TensorFlow's as well. A Keras layer on PyTorch is a PyTorch module as
    well, but keeps its weights in variables of its own, which only Keras can exchange for copies. One on JAX is trained
    by a function that Keras compiles, in which no gradient and no update can be seen from outside.
    """
    modules = {kind.__module__ for kind in type(value).__mro__}
    if any(f"{module}.".startswith(_LEGACY) for module in modules):
        return "legacy"
    packages = {module.partition(".")[0] for module in modules}
    known = {_FRAMEWORKS[package] for package in packages if package in _FRAMEWORKS}
    parts = value.modules() if "torch" in known and hasattr(value, "modules") else (value,)
    if any(is_of_keras(type(part)) for part in parts):
        backend = other_keras_backend()
        return "tensorflow" if backend is None else f"{_ELSEWHERE}{backend}"
    return "torch" if "torch" in known else next(iter(known), None)


_OF_KERAS: dict[type, bool] = {}


def is_of_keras(kind: type) -> bool:
    """Tell whether a class is one of Keras's or is made of one."""
    if kind not in _OF_KERAS:
        _OF_KERAS[kind] = any(base.__module__.partition(".")[0] == "keras" for base in kind.__mro__)
    return _OF_KERAS[kind]
