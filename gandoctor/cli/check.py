"""`gandoctor check`: judge a GAN before it is trained."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from gandoctor.cli.options import (
    exit_status,
    factory_options,
    fail_on_option,
    framework_option,
    given_options,
    language_option,
    say_in,
    target_or_reference,
    verbose_option,
)
from gandoctor.message import Message


@click.command("check")
@click.argument("target", required=False)
@click.argument("arguments", nargs=-1, metavar="[-- ARGS]", type=click.UNPROCESSED)
@click.option("--json", "as_json", is_flag=True, help='Print JSON, schema "gandoctor.diagnosis/1".')
@click.option(
    "--dry-run-steps",
    type=click.IntRange(min=0),
    metavar="N",
    help="Training steps to take; 0 judges the model card only.  [2]",
)
@framework_option
@factory_options
@verbose_option
@fail_on_option
@language_option
def command(
    target: str | None,
    arguments: tuple[str, ...],
    as_json: bool,
    dry_run_steps: int | None,
    verbose: bool,
    fail_on: str,
    lang: str,
    framework: str | None,
    **given: Any,
) -> int:
    """Judge the contracts and the design of TARGET before you train it.

    TARGET is one of: the reference model (default); "module:factory"; a script or
    a notebook, which runs with ARGS and is left after N steps of the first GAN it fits; two
    saved networks, generator.keras discriminator.keras. Nothing is kept.

    Exit status: 0 if nothing at or above --fail-on was detected; 1 if something was; 2 if
    the target cannot be built, trains no GAN, or raised; 130 if interrupted.
    """
    import sys

    from rich.console import Console

    from gandoctor.cli.text import diagnosis_lines, print_lines
    from gandoctor.experiments.check import check_target

    target = target_or_reference(target, framework)
    doing = say_in(lang)(Message("Building the model and taking its first steps"))
    with Console(stderr=True).status(doing), _ended_by_any_signal():
        diagnosis = check_target(target, arguments, given_options(given), dry_run_steps, ["gandoctor", *sys.argv[1:]])
    if as_json:
        click.echo(diagnosis.to_json())
    else:
        print_lines(Console(highlight=False), diagnosis_lines(diagnosis, verbose, say_in(lang)))
    return exit_status(diagnosis, fail_on)


@contextmanager
def _ended_by_any_signal() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP as Ctrl-C, so that the child and its directory are always removed."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
