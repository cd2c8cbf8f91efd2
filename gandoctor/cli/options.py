"""Options that several commands share, and the exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandoctor.cli.complete import fault_names
from gandoctor.message import Say
from gandoctor.player_names import HANDLES, INPUT_SHIFT, LABEL_ABOVE, REAL_LABEL, SHIFT_MAX
from gandoctor.report.languages import LANGUAGES

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis

SHARES = ("beta_1", "beta_2", "momentum", "dropout", "batch_norm_momentum")
"""Values of `HANDLES` that are shares."""
BOUNDS = {INPUT_SHIFT: (0.0, SHIFT_MAX), REAL_LABEL: (LABEL_ABOVE, 1.0)}
"""Values of `HANDLES` that are above one number and at most another."""
RUN_DIR = click.Path(path_type=Path, exists=False)
LANGUAGE_VARIABLE = "GANDOCTOR_LANGUAGE"
"""Environment variable with the language of what is said where `--lang` is not given."""


class Steps(click.ParamType[Any]):
    """A list of steps, such as 500,1000."""

    name = "steps"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, ...]:
        """Return the steps as a tuple of ints."""
        if isinstance(value, tuple):
            return value
        words = [word.strip() for word in str(value).split(",") if word.strip()]
        if not words or not all(word.isdecimal() and int(word) > 0 for word in words):
            self.fail(f"{value!r} is no list of steps; give numbers such as 500,1000.", param, ctx)
        return tuple(int(word) for word in words)


duality_gap_option = click.option(
    "--duality-gap",
    is_flag=True,
    help="Measure the duality gap at the steps of --look-at; each time costs as much as about 75 training steps.",
)


class SnapshotPlace(click.ParamType[Any]):
    """A snapshot of a run, such as runs/a@400."""

    name = "snapshot"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        """Return the run directory and the step."""
        if isinstance(value, tuple):
            return value
        run_dir, at, step = str(value).rpartition("@")
        if not (run_dir and at and step.isascii() and step.isdigit() and 0 < len(step) <= 12):
            self.fail(f"{value!r} is no snapshot; give RUN_DIR@STEP, such as runs/a@400.", param, ctx)
        return run_dir, int(step)


def fail_on_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--fail-on`."""
    return click.option(
        "--fail-on",
        type=click.Choice(["info", "warning", "critical", "never"]),
        default="critical",
        show_default=True,
        help="Exit with status 1 if a finding of this severity or above was detected.",
    )(function)


def verbose_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--verbose`."""
    return click.option(
        "-v", "--verbose", is_flag=True, help="Print all evidence, causes, treatments and checks before the verdict."
    )(function)


def language_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--lang`; `say_in` reads it."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        default=language_of_environment,
        help=f"Language of what is said.  [{LANGUAGE_VARIABLE}, else en]",
    )(function)


def language_of_environment() -> str:
    """Return the language that the environment asks for; English where it asks for none that is spoken."""
    asked = os.environ.get(LANGUAGE_VARIABLE, "")
    return asked if asked in LANGUAGES else "en"


def say_in(lang: str) -> Say:
    """Return what says messages in a language."""
    if lang == "en":
        return str
    from gandoctor.report.languages.language import language

    return language(lang).say


def factory_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that are handed to a factory, as `Training` describes; `given_options` collects them."""
    for option in reversed(
        (
            click.option(
                "--preset", metavar="NAME", help="Preset of the reference model: quick, reference or article."
            ),
            click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Change a setting; repeatable."),
            click.option(
                "--fault",
                "faults",
                metavar="NAME[@STEP]",
                multiple=True,
                shell_complete=fault_names,
                help="Switch on a fault; `gandoctor faults` lists them.",
            ),
            click.option("--seed", type=click.IntRange(min=0, max=2**32 - 1), help="Random seed."),
            click.option("--data", metavar="NAME|FILE.npz|FOLDER", help="Real images to train on."),
        )
    ):
        function = option(function)
    return function


def framework_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--framework`; `target_or_reference` reads it."""
    return click.option(
        "--framework",
        type=click.Choice(["tensorflow", "torch"]),
        help="Framework of the reference model.  [tensorflow; torch where that alone is installed]",
    )(function)


def target_or_reference(target: str | None, framework: str | None) -> str:
    """Return TARGET, or the reference model in a framework.

    Raises:
        click.UsageError: Both are given.
    """
    from gandoctor.experiments.target import REFERENCES
    from gandoctor.frameworks import is_installed

    if target is None:
        only_torch = is_installed("torch") and not is_installed("tensorflow")
        return REFERENCES[framework or ("torch" if only_torch else "tensorflow")]
    if framework is not None:
        raise click.UsageError(
            f"--framework chooses the reference model; {target} brings its own. Leave one of them out."
        )
    return target


def given_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given of a factory's options: its own defaults stand for the rest."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, ())
    }


def change_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--change`; `changes_of` reads it."""
    return click.option(
        "--change",
        "changes",
        metavar="KEY=VALUE",
        multiple=True,
        help="Set a value of the training before its first step, in a script too: g_optimizer.learning_rate, "
        "d_optimizer.beta_1, discriminator.dropout and the like; repeatable.",
    )(function)


def changes_of(changes: Sequence[str]) -> dict[str, float]:
    """Return the values that `--change` gives.

    Raises:
        UnusableTarget: A key is unknown, or its value is out of bounds.
    """
    import math

    from gandoctor.errors import UnusableTarget

    found: dict[str, float] = {}
    for change in changes:
        key, _, text = change.partition("=")
        if key not in HANDLES:
            raise UnusableTarget(f"--change {change}: {key!r} is unknown; use one of {', '.join(HANDLES)}.")
        what = HANDLES[key][1]
        is_share, (above, most) = what in SHARES, BOUNDS.get(what, (0.0, sys.float_info.max))
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (0 <= value < 1 if is_share else above < value <= most):
            bounds = "from 0 up to, not including, 1" if is_share else f"above {above:g}"
            bounds += f", at most {most:g}" if what in BOUNDS else ""
            raise UnusableTarget(f"--change {change}: {text!r} is no {what.replace('_', ' ')}; give a number {bounds}.")
        found[key] = value
    return found


def exit_status(diagnosis: Diagnosis, fail_on: str) -> int:
    """Return 1 if something at or above `fail_on` was detected, else 0."""
    from gandoctor.rules import Severity

    if fail_on == "never" or diagnosis.worst is None:
        return 0
    return int(diagnosis.worst.rank >= Severity(fail_on).rank)
