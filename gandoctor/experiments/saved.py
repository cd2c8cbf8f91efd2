"""A generator and a discriminator saved as `.keras` files: loaded safely, described, never trained."""

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
    """Tell whether a target is the path of a saved Keras model."""
    return target.endswith((SUFFIX, *_OLD_SUFFIXES))


def check_saved(generator: str, others: Sequence[str], options: Sequence[str], dry_run_steps: int | None) -> None:
    """Refuse what is not two saved networks to be described, before anything is started.

    Args:
        generator: Path of the saved generator.
        others: What came after it: the path of the saved discriminator.
        options: Options given that are for a factory.
        dry_run_steps: See `Job`.

    Raises:
        UnusableTarget: See above.
    """
    if dry_run_steps is None:
        raise UnusableTarget(f"{generator} is a saved network: nothing says how to train it. To check it: {_HOW}")
    if options or dry_run_steps:
        refused = ", ".join(options) or "--dry-run-steps"
        raise UnusableTarget(f"{refused} is for a GAN that can be trained; saved networks are only looked at.")
    if len(others) != 1:
        raise UnusableTarget(f"Two saved networks are needed, the generator first: {_HOW}")
    for path in (generator, *others):
        if path.endswith(_OLD_SUFFIXES):
            raise UnusableTarget(
                f"{path} is in a format that Keras 3 does not load safely. Load it where you trust it and save it "
                f'anew: keras.saving.load_model("{path}").save("{Path(path).stem}.keras")'
            )
        if not path.endswith(SUFFIX):
            raise UnusableTarget(f"{path} is not a saved network: its name does not end in {SUFFIX}. {_HOW}")
        if not Path(path).is_file():
            raise UnusableTarget(f"There is no file {path}.")


def write_saved_card(job: Job) -> None:
    """Load the two networks of a job and write the card of the GAN they make.

    Raises:
        UnusableTarget: One cannot be loaded, or they were given in the wrong order.
    """
    from gandoctor.monitors.card_only import write_card
    from gandoctor.recording.session.options import Options

    paths = (job.target, *job.arguments)
    generator, discriminator = (_load(path) for path in paths)
    if _shape(discriminator, "output_shape") == _shape(generator, "input_shape") is not None:
        raise UnusableTarget(f"{paths[1]} makes what {paths[0]} takes: give the generator first. {_HOW}")
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
    """Load one network with the optimizer it was saved with; without, if what it was compiled with is not here.

    Only `safe_mode` is ever used: a saved Lambda holds code, which a look at a file must not run.
    """
    import keras

    if not zipfile.is_zipfile(path):
        raise UnusableTarget(f"{path} is not what keras.Model.save writes: it is no zip archive.")
    try:
        try:
            model = keras.saving.load_model(path, safe_mode=True)
        except (TypeError, ValueError):
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # noqa: BLE001 - a file can be wrong in any way
        raise UnusableTarget(_why(path, error)) from None
    if not isinstance(model, keras.Model):
        raise UnusableTarget(f"{path} holds a {type(model).__name__}, not a Keras model.")
    return model


def _why(path: str, error: Exception) -> str:
    """Say in one message why a file cannot be loaded; what Keras says is pages long."""
    text = " ".join(str(error).split())
    custom = re.search(r"Could not locate (?:class|function) '([^']+)'", text)
    if custom:
        return (
            f"{path} needs {custom[1][:100]!r}, which is not part of Keras, and a file brings no code along. "
            "Check the code that builds the networks instead: gandoctor check module:factory, or gandoctor check "
            "train.py; or, where they are built: gandoctor.check(generator=..., discriminator=...)"
        )
    if "Lambda" in text and "safe_mode" in text:
        return (
            f"{path} holds a Lambda layer, that is Python code, which is not run from a file. "
            "Check the code that builds the networks instead: gandoctor check module:factory"
        )
    return f"{path} cannot be loaded: {type(error).__name__}: {text[:300]}"


def _shape(model: Any, name: str) -> Any:
    """Return one of a model's declared shapes; None where it has several inputs or was never built."""
    try:
        shape = getattr(model, name, None)
    except (AttributeError, ValueError, RuntimeError):
        return None
    return shape if isinstance(shape, tuple) else None
