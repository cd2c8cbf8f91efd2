"""gandoctor finds out why a GAN failed to train: monitors, diagnosis and fixes for TensorFlow/Keras 3.

Public names are loaded on first use, so that reading a run never imports TensorFlow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis, diagnose
    from gandoctor.errors import GandoctorError
    from gandoctor.experiments.check import check
    from gandoctor.monitors import GANMonitor
    from gandoctor.store import Run, load_run

__version__ = "0.1.0"
__all__ = ["Diagnosis", "GANMonitor", "GandoctorError", "Run", "check", "diagnose", "load_run"]

_HOME = {
    "GANMonitor": "gandoctor.monitors",
    "Run": "gandoctor.store",
    "load_run": "gandoctor.store",
    "Diagnosis": "gandoctor.diagnosis",
    "diagnose": "gandoctor.diagnosis",
    "check": "gandoctor.experiments.check",
    "GandoctorError": "gandoctor.errors",
}


def load_ipython_extension(ipython: Any) -> None:
    """Record every GAN that is trained in this kernel from now on: `%load_ext gandoctor`.

    Args:
        ipython: The running shell.
    """
    import_module("gandoctor.notebook.extension").load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Stop recording and put back what `%load_ext gandoctor` has wrapped: `%unload_ext gandoctor`.

    Args:
        ipython: The running shell.
    """
    import_module("gandoctor.notebook.extension").unload(ipython)


def __dir__() -> list[str]:
    """Name what is public, for completion in an interpreter."""
    return [*__all__, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gandoctor' has no attribute {name!r}")
    from gandoctor.frameworks import framework_needed

    with framework_needed(by=f"gandoctor.{name}"):
        return getattr(import_module(_HOME[name]), name)
