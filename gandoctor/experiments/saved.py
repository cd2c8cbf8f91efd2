"""Load a generator and a discriminator that were saved as `.keras` files, and write their model card."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gandoctor.errors import UnusableTarget
from gandoctor.experiments.job import Job

SUFFIX = ".keras"
_OLD_SUFFIXES = (".h5", ".hdf5")
_HOW = "gandoctor check GENERATOR.keras DISCRIMINATOR.keras"


def is_saved(target: str) -> bool:
    """Return whether a target is the path of a saved Keras model."""
    return target.endswith((SUFFIX, *_OLD_SUFFIXES))


def check_saved(generator: str, others: Sequence[str], options: Sequence[str], dry_run_steps: int | None) -> None:
    """Check that the arguments name two saved networks, before anything is started.

    Args:
        generator: Path of the saved generator.
        others: The arguments that follow it: the path of the saved discriminator.
        options: Options that the user gave and that only a factory takes.
        dry_run_steps: See `Job`.

    Raises:
        UnusableTarget: The arguments are anything else.
    """
    if dry_run_steps is None:
        raise UnusableTarget(f"{generator} is a saved network and cannot be trained. To check it: {_HOW}")
    if options or dry_run_steps:
        refused = ", ".join(options) or "--dry-run-steps"
        raise UnusableTarget(f"{refused} is for a GAN that can be trained. Saved networks are not trained.")
    if len(others) != 1:
        raise UnusableTarget(f"Give two saved networks, the generator first: {_HOW}")
    for path in (generator, *others):
        if path.endswith(_OLD_SUFFIXES):
            raise UnusableTarget(
                f"{path} is in a format that Keras 3 does not load safely. Load it where you trust it and save it "
                f'again: keras.saving.load_model("{path}").save("{Path(path).stem}.keras")'
            )
        if not path.endswith(SUFFIX):
            raise UnusableTarget(f"{path} is not a saved network: its name does not end in {SUFFIX}. {_HOW}")
        if not Path(path).is_file():
            raise UnusableTarget(f"There is no file {path}.")


def write_saved_card(job: Job) -> None:
    """Load the two networks of a job and write their model card.

    Raises:
        UnusableTarget: A network cannot be loaded, or they were given in the wrong order.
    """
    from gandoctor.monitors.card_only import write_card
    from gandoctor.recording.session.options import Options

    paths = (job.target, *job.arguments)
    generator, discriminator = (_load(path) for path in paths)
    if _shape(discriminator, "output_shape") == _shape(generator, "input_shape") is not None:
        raise UnusableTarget(f"The output of {paths[1]} fits {paths[0]}: give the generator first. {_HOW}")
    write_card(
        Options(
            Path(job.run_dir),
            generator=generator,
            discriminator=discriminator,
            g_optimizer=getattr(generator, "optimizer", None),
            d_optimizer=getattr(discriminator, "optimizer", None),
            metadata={"target": job.target, "command": job.command, "config": {"saved": list(paths)}},
        )
    )


def _load(path: str) -> Any:
    """Load one network with its optimizer, or without it if its loss or optimizer cannot be loaded.

    Always loads in safe mode. A saved Lambda layer holds code, and a check must not run code from a file.
    """
    import keras

    if not zipfile.is_zipfile(path):
        raise UnusableTarget(f"{path} was not written by keras.Model.save: it is not a zip archive.")
    try:
        try:
            model = keras.saving.load_model(path, safe_mode=True)
        except (TypeError, ValueError):
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 - a file can be wrong in any way
        raise UnusableTarget(_explain(path, error)) from None
    if not isinstance(model, keras.Model):
        raise UnusableTarget(f"{path} holds a {type(model).__name__}, not a Keras model.")
    return model


def _explain(path: str, error: Exception) -> str:
    """Return one short message on why a file cannot be loaded. Keras's own message is pages long."""
    text = " ".join(str(error).split())
    custom = re.search(r"Could not locate (?:class|function) '([^']+)'", text)
    if custom:
        return (
            f"{path} needs {custom[1][:100]!r}, which is not part of Keras, and the file does not hold its code. "
            "Check the code that builds the networks instead: gandoctor check module:factory, gandoctor check "
            "train.py, or gandoctor.check(generator=..., discriminator=...) in your program."
        )
    if "Lambda" in text and "safe_mode" in text:
        return (
            f"{path} holds a Lambda layer, which is Python code. gandoctor does not run code from a file. "
            "Check the code that builds the networks instead: gandoctor check module:factory"
        )
    return f"{path} cannot be loaded: {type(error).__name__}: {text[:300]}"


def _shape(model: Any, name: str) -> Any:
    """Return one of a model's declared shapes, or None if it has several inputs or was never built."""
    try:
        shape = getattr(model, name, None)
    except (AttributeError, ValueError, RuntimeError):
        return None
    return shape if isinstance(shape, tuple) else None
