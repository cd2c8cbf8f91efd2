"""Deep-learning frameworks are optional: what each extra installs, and what is raised where one is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec

from gandoctor.errors import GandoctorError

FRAMEWORKS: Mapping[str, Mapping[str, str]] = {
    "tensorflow": {"tensorflow": "TensorFlow", "keras": "Keras"},
    "torch": {"torch": "PyTorch"},
}
"""Extra of this package -> the top-level modules it installs, each with the name people know it by."""


class MissingFramework(GandoctorError, ModuleNotFoundError):
    """A framework is needed and not installed; the message names the command that installs it."""


@contextmanager
def framework_needed(by: str) -> Iterator[None]:
    """Run code that imports a framework, or code of the user's that may.

    An import that fails for another reason raises what it raised: only a framework that is not installed is missing.

    Args:
        by: What needs the framework, the subject of the message. Of nested calls, the outermost one's is used.

    Raises:
        MissingFramework: The code imports a framework that is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if is_installed(module):
            raise
        for extra, modules in FRAMEWORKS.items():
            if module in modules:
                # Keras may be what was imported first; without TensorFlow, that is what people look for.
                name = next(name for module, name in modules.items() if not is_installed(module))
                raise MissingFramework(
                    f"{by} needs {name}, which is not installed. To install it: pip install 'gandoctor[{extra}]'",
                    name=module,
                ) from None
        raise


_NAMES = {"jax": "JAX", "torch": "PyTorch", "numpy": "NumPy", "openvino": "OpenVINO"}


def other_keras_backend() -> str | None:
    """Return the name of what Keras runs on; None where that is TensorFlow, or Keras has not been imported."""
    keras = sys.modules.get("keras")
    if keras is None:
        return None
    name = None
    with suppress(Exception):  # Keras 2 has another notion of a backend
        name = str(keras.backend.backend())
    return None if name in (None, "tensorflow") else _NAMES.get(str(name), name)


BETWEEN_STEPS = ("PyTorch", "JAX")
"""What Keras runs on, beside TensorFlow, where a monitor that is passed to `fit` records what shows between steps."""


def what_to_do_about(backend: str) -> str:
    """Return what to do for Keras on a backend where nothing is recorded, to be read after a colon or a full stop.

    Args:
        backend: Its name, as `other_keras_backend` has it.
    """
    if backend in BETWEEN_STEPS:
        return (
            f"gandoctor records Keras on {backend} in fit only, between its steps: train with fit and pass it "
            "callbacks=[GANMonitor(...)], or set KERAS_BACKEND=tensorflow before Keras is imported."
        )
    return (
        f"gandoctor records Keras on TensorFlow, PyTorch and JAX only. Set KERAS_BACKEND=tensorflow before Keras is "
        f"imported; steps that are written with {backend} (a train_step, a loop) have to be written with TensorFlow, "
        "too."
    )


def is_installed(module: str) -> bool:
    """Tell whether a top-level module can be imported, without importing it."""
    return bool(module) and (sys.modules.get(module) is not None or find_spec(module) is not None)
