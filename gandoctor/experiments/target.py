"""TARGET: check the text from the command line and build a training from it."""

from __future__ import annotations

import difflib
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from gandoctor.errors import GandoctorError, UnusableTarget
from gandoctor.experiments.cells import is_notebook, read_cells
from gandoctor.experiments.saved import check_saved, is_saved
from gandoctor.experiments.training import LoopTraining, Training
from gandoctor.frameworks import framework_needed

DEFAULT_TARGET = "reference_models.training:build"
REFERENCES: Mapping[str, str] = {"tensorflow": DEFAULT_TARGET, "torch": "reference_models.torch_dcgan:build"}
"""Framework -> the reference model in it."""


class TargetCrashed(Exception):
    """The target's own code raised an error, which is the `__cause__`."""


def is_script(target: str) -> bool:
    """Return whether a target is the path of a script or notebook, and neither "module:factory" nor a saved model."""
    return target.endswith(".py") or is_notebook(target) or (os.sep in target and not is_saved(target))


def check_target(
    target: str, options: Mapping[str, Any], arguments: Sequence[str], dry_run_steps: int | None = None
) -> None:
    """Check that a target can be run with these options and arguments, before anything is started.

    Args:
        target: "module:factory", the path of a script or a notebook, or the path of a saved generator.
        options: Options for a factory.
        arguments: Arguments for a script, or the path of the saved discriminator.
        dry_run_steps: See `Job`.

    Raises:
        UnusableTarget: The target is malformed, the file does not exist or is no notebook by its content, or the
            options or arguments are for another kind of target.
    """
    if is_saved(target):
        check_saved(target, arguments, [_OPTION_OF.get(name, f"--{name}") for name in options], dry_run_steps)
        return
    if not is_script(target):
        split_target(target)
        if arguments:
            raise UnusableTarget(
                f"{' '.join(arguments)!r} after TARGET is for a script, but {target} is a function. "
                "Pass options instead, such as --steps or --set KEY=VALUE."
            )
        return
    if not os.path.isfile(target):
        raise UnusableTarget(f"There is no {'notebook' if is_notebook(target) else 'script'} {target}.")
    if is_notebook(target):
        read_cells(target)
    if options:
        refused = ", ".join(_OPTION_OF.get(name, f"--{name}") for name in options)
        raise UnusableTarget(
            f"{target} is a script and does not take {refused}. "
            f"Pass the script's own arguments after --, as in: gandoctor run {target} -- ARGUMENTS"
        )


def check_snapshots(target: str) -> None:
    """Check that snapshots can be taken of a target's training.

    Raises:
        UnusableTarget: It is a script or a saved model.
    """
    if is_script(target) or is_saved(target):
        raise UnusableTarget(f"{target} takes no snapshots: only a function that returns a Training goes on from one.")


def split_target(target: str) -> tuple[str, str]:
    """Split "module:factory" into its two names.

    Raises:
        UnusableTarget: The target does not have this form.
    """
    module, colon, factory = target.partition(":")
    if not (colon and factory.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise UnusableTarget(
            f'TARGET must be a script or "module:factory", such as {DEFAULT_TARGET}; {target!r} is neither.'
        )
    return module, factory


def build_training(target: str, options: Mapping[str, Any]) -> Training | LoopTraining:
    """Import the target's factory and call it with the given options.

    The working directory is searched for the module first, then the installed packages.

    Args:
        target: "module:factory".
        options: Options that the user gave. The factory's own defaults apply to the rest.

    Raises:
        GandoctorError: The factory raised it.
        UnusableTarget: The factory does not exist, does not take an option, or returns no training.
        MissingFramework: The target needs a framework that is not installed.
        TargetCrashed: The target's code raised another error.
    """
    factory = _import_factory(target)
    _check_options(target, factory, options)
    try:
        with framework_needed(by=target):
            training = factory(**options)
    except GandoctorError:
        raise
    except Exception as error:
        raise TargetCrashed(f"{target} raised {_describe(error)}") from error
    if not isinstance(training, Training | LoopTraining):
        raise UnusableTarget(
            f"{target} returned a {type(training).__name__}; it must return a gandoctor.experiments.Training "
            "or LoopTraining."
        )
    return training


def _import_factory(target: str) -> Callable[..., Any]:
    module_name, factory_name = split_target(target)
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        with framework_needed(by=target):
            module = import_module(module_name)
    except GandoctorError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UnusableTarget(
                f"There is no module {error.name!r} in {os.getcwd()} or among the installed packages."
            ) from None
        raise TargetCrashed(f"Importing {module_name} raised {_describe(error)}") from error
    except Exception as error:
        raise TargetCrashed(f"Importing {module_name} raised {_describe(error)}") from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        public = [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
        near = difflib.get_close_matches(factory_name, public, n=1)
        hint = f" Did you mean {module_name}:{near[0]}?" if near else ""
        raise UnusableTarget(f"{module_name} has no function {factory_name!r}.{hint}")
    return factory  # type: ignore[no-any-return]


def _check_options(target: str, factory: Callable[..., Any], options: Mapping[str, Any]) -> None:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return  # a callable without a signature: the call itself will show
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    takes = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    refused = [_OPTION_OF.get(name, f"--{name}") for name in options if name not in takes]
    if refused:
        known = ", ".join(_OPTION_OF[name] for name in takes if name in _OPTION_OF)
        raise UnusableTarget(f"{target} does not take {', '.join(refused)}. It takes {known or 'no options'}.")
    missing = [p.name for p in parameters if p.default is p.empty and p.name in takes and p.name not in options]
    if missing:
        options_missing = ", ".join(_OPTION_OF.get(name, f"the argument {name!r}") for name in missing)
        raise UnusableTarget(f"{target} needs {options_missing}.")


_OPTION_OF = {
    "preset": "--preset",
    "settings": "--set",
    "faults": "--fault",
    "steps": "--steps",
    "seed": "--seed",
    "data": "--data",
}


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
