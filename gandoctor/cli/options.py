"""Options that several commands share, and the exit status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandoctor.player_names import RATE_KEYS, Player

if TYPE_CHECKING:
    from gandoctor.diagnosis import Diagnosis

RUN_DIR = click.Path(path_type=Path, exists=False)


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


def factory_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that are handed to a factory, as `Training` describes; `given_options` collects them."""
    for option in reversed(
        (
            click.option("--preset", metavar="NAME", help="Preset of the reference model: quick or reference."),
            click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="Change a setting; repeatable."),
            click.option(
                "--fault",
                "faults",
                metavar="NAME[@STEP]",
                multiple=True,
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
    """Add `--change`; `rates_of` reads it."""
    return click.option(
        "--change",
        "changes",
        metavar="KEY=VALUE",
        multiple=True,
        help="Set a value of the training before its first step, in a script too: g_optimizer.learning_rate or "
        "d_optimizer.learning_rate; repeatable.",
    )(function)


def rates_of(changes: Sequence[str]) -> dict[Player, float]:
    """Return the learning rates that `--change` gives.

    Raises:
        UnusableTarget: A key is unknown or its value is no rate.
    """
    import math

    from gandoctor.errors import UnusableTarget

    rates: dict[Player, float] = {}
    for change in changes:
        key, _, value = change.partition("=")
        player = RATE_KEYS.get(key)
        if player is None:
            raise UnusableTarget(f"--change {change}: {key!r} is unknown; use one of {', '.join(RATE_KEYS)}.")
        try:
            rates[player] = float(value)
        except ValueError:
            rates[player] = math.nan
        if not 0 < rates[player] < math.inf:
            raise UnusableTarget(f"--change {change}: {value!r} is no learning rate; give a number above 0.")
    return rates


def exit_status(diagnosis: Diagnosis, fail_on: str) -> int:
    """Return 1 if something at or above `fail_on` was detected, else 0."""
    from gandoctor.rules import Severity

    if fail_on == "never" or diagnosis.worst is None:
        return 0
    return int(diagnosis.worst.rank >= Severity(fail_on).rank)
